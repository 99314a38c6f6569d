/** What changed between two texts, in the unified form with three lines around each change; empty when they are equal. */
export function lineDiff(before: string, after: string, name: string): string {
  const a = before.split('\n');
  const b = after.split('\n');
  const pairs = align(a, b);
  if (pairs.every(({ mark }) => mark === ' ')) return '';
  return `--- ${name}\n+++ ${name}\n${hunks(pairs).join('')}`;
}

interface Row {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
  /** Lines of each text before this row. */
  readonly a: number;
  readonly b: number;
}

/** Longest common lines; equal beginnings and ends are set aside first, so the table stays small. */
function align(a: readonly string[], b: readonly string[]): readonly Row[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const left = a.slice(head, a.length - tail);
  const right = b.slice(head, b.length - tail);
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  const push = (mark: Row['mark'], text: string): void => {
    rows.push({ mark, text, a: i, b: j });
    if (mark !== '+') i += 1;
    if (mark !== '-') j += 1;
  };
  for (const text of a.slice(0, head)) push(' ', text);
  for (const { mark, text } of left.length * right.length > 4_000_000 ? replaced(left, right) : compared(left, right))
    push(mark, text);
  for (const text of a.slice(a.length - tail)) if (tail > 0) push(' ', text);
  return rows;
}

type Step = Pick<Row, 'mark' | 'text'>;

function replaced(left: readonly string[], right: readonly string[]): readonly Step[] {
  return [...left.map((text): Step => ({ mark: '-', text })), ...right.map((text): Step => ({ mark: '+', text }))];
}

function compared(left: readonly string[], right: readonly string[]): readonly Step[] {
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      common[i * width + j] =
        left[i] === right[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      steps.push({ mark: ' ', text: left[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= right.length || (i < left.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))) {
      steps.push({ mark: '-', text: left[i] ?? '' });
      i += 1;
    } else {
      steps.push({ mark: '+', text: right[j] ?? '' });
      j += 1;
    }
  }
  return steps;
}

function hunks(rows: readonly Row[]): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < rows.length; ) {
    const first = rows.findIndex((row, index) => index >= at && row.mark !== ' ');
    if (first < 0) break;
    let last = first;
    for (let index = first; index < rows.length && index <= last + 6; index++) if (rows[index]?.mark !== ' ') last = index;
    const from = Math.max(at, first - 3);
    const to = Math.min(rows.length, last + 4);
    found.push(hunk(rows.slice(from, to)));
    at = to;
  }
  return found;
}

function hunk(rows: readonly Row[]): string {
  const [first] = rows;
  const removed = rows.filter(({ mark }) => mark !== '+').length;
  const added = rows.filter(({ mark }) => mark !== '-').length;
  const body = rows.map(({ mark, text }) => `${mark}${text}\n`).join('');
  return `@@ -${(first?.a ?? 0) + 1},${removed} +${(first?.b ?? 0) + 1},${added} @@\n${body}`;
}
