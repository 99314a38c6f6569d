import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// `testdata/lint/*.txt`: Dockerfiles, each with what BuildKit says of it. A case:
//
//     === name
//     FROM alpine AS X«CR»
//     --- .dockerignore            where there is one
//     *.log
//     --- buildkit
//     warning 1 StageNameCasing: Stage name 'X' should be lowercase
//     error 2-3 "unterminated heredoc"
//     --- slipway                  where we say something else, and why
//     # reason
//     error 2-3 "…"
//
// The place of a warning or an error is its lines; `-` where BuildKit tells none.

export interface VerdictCase {
  readonly name: string;
  /** File it stands in. */
  readonly path: string;
  readonly dockerfile: Buffer;
  readonly ignoreFile: string | undefined;
  readonly buildkit: readonly string[];
  readonly slipway: readonly string[] | undefined;
}

const folder = join(import.meta.dirname, '../../testdata/lint');

/** Bytes that an editor would hide or spoil. */
const marks: ReadonlyMap<string, readonly number[]> = new Map([
  ['«BOM»', [0xef, 0xbb, 0xbf]],
  ['«CR»', [13]],
  ['«TAB»', [9]],
  ['«SP»', [32]],
  ['«VT»', [11]],
  ['«FF»', [12]],
  ['«NUL»', [0]],
  ['«NBSP»', [0xc2, 0xa0]],
  ['«FF FE»', [0xff, 0xfe]],
]);
/** The line ends here without a line break. */
const end = '«END»\n';

export function verdictCases(): readonly VerdictCase[] {
  const paths = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return paths.map((name) => join(folder, name)).flatMap((path) => casesIn(path));
}

function casesIn(path: string): readonly VerdictCase[] {
  const [, ...texts] = readFileSync(path, 'utf8').split(/^=== /m);
  return texts.map((text) => {
    const [head = '', ...parts] = text.split(/^--- /m);
    const sections = new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
    const ignoreFile = sections.get('.dockerignore');
    const slipway = sections.get('slipway');
    return {
      name: head.slice(0, head.indexOf('\n')),
      path,
      dockerfile: bytesOf(head.slice(head.indexOf('\n') + 1)),
      ignoreFile: ignoreFile === undefined ? undefined : bytesOf(ignoreFile).toString('utf8'),
      buildkit: linesOf(sections.get('buildkit') ?? ''),
      slipway: slipway === undefined ? undefined : linesOf(slipway).filter((line) => !line.startsWith('#')),
    };
  });
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function bytesOf(text: string): Buffer {
  const body = text.endsWith(end) ? text.slice(0, -end.length) : text;
  const parts = body.split(/(«[A-Z ]+»)/).map((part) => Buffer.from(marks.get(part) ?? Buffer.from(part, 'utf8')));
  return Buffer.concat(parts);
}

export interface Said {
  readonly warnings: readonly { readonly rule: string; readonly message: string; readonly lines: readonly number[] }[];
  readonly error: { readonly message: string; readonly lines: readonly number[] } | undefined;
}

/** As lines of a case. */
export function linesOfVerdict({ warnings, error }: Said): readonly string[] {
  const rows = sorted(warnings.map(({ rule, message, lines }) => `warning ${placeOf(lines)} ${rule}: ${message}`));
  return error === undefined ? rows : [...rows, `error ${placeOf(error.lines)} ${JSON.stringify(error.message)}`];
}

/** What BuildKit tells of the variables of one instruction has no order: neighbours are put in order. */
function sorted(rows: readonly string[]): readonly string[] {
  const done: string[] = [];
  for (const row of rows) {
    const head = row.slice(0, row.indexOf(':'));
    let at = done.length;
    if (head.endsWith(' UndefinedVar'))
      while (at > 0 && done[at - 1]?.startsWith(`${head}:`) && (done[at - 1] ?? '') > row) at -= 1;
    done.splice(at, 0, row);
  }
  return done;
}

function placeOf(lines: readonly number[]): string {
  const [first] = lines;
  const last = lines.at(-1);
  if (first === undefined || last === undefined) return '-';
  if (last - first + 1 !== lines.length) return lines.join(',');
  return first === last ? String(first) : `${first}-${last}`;
}

/** The text of a case file in which the answers of `said` stand for those of BuildKit. */
export function withAnswers(path: string, said: ReadonlyMap<string, readonly string[]>): string {
  return readFileSync(path, 'utf8')
    .split(/^(?==== )/m)
    .map((text) => {
      const lines = said.get(/^=== (.*)/.exec(text)?.[1] ?? '');
      const answer = lines?.map((line) => `${line}\n`).join('');
      return answer === undefined
        ? text
        : text.replace(/^--- buildkit\n(?:(?:warning|error) .*\n)*/m, () => `--- buildkit\n${answer}`);
    })
    .join('');
}
