import type { Diagnostic, Dockerfile, Instruction } from './instruction.ts';
import { parseDockerfile, type ParseResult } from './parse.ts';
import { type ParsedInstruction, toParsedDockerfile } from './parsed-json.ts';

export interface Formatted {
  /** The text to write; the one that came in when it has mistakes. */
  readonly text: string;
  readonly isChanged: boolean;
  readonly diagnostics: ParseResult['diagnostics'];
}

/**
 * Lay a Dockerfile out in one way: instructions in capitals at the start of the line, one blank between words, no blanks
 * at line ends, no empty lines inside an instruction and at most one elsewhere, one before each stage.
 *
 * Never changes what is built: text for a shell, heredocs, triggers and directives stay as they are. Where a change of
 * layout would change an argument, the instruction is left alone. Formatting twice is formatting once.
 */
export function format(text: string, fileName: string = 'Dockerfile'): Formatted {
  const { file, diagnostics } = parseDockerfile(text, fileName);
  if (diagnostics.some(isError)) return { text, isChanged: false, diagnostics };
  const formatted = layOut(file, text);
  const again = parseDockerfile(formatted, fileName);
  const isSame = !again.diagnostics.some(isError) && meaning(again.file) === meaning(file);
  const result = isSame ? formatted : text;
  return { text: result, isChanged: result !== text, diagnostics };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function layOut(file: Dockerfile, text: string): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const source = text.slice(mark.length);
  const end = /\r\n/.test(source.slice(0, source.indexOf('\n') + 1)) ? '\r\n' : '\n';
  const raw = source.split('\n');
  const out: string[] = [];
  let next = 0;
  for (const instruction of file.instructions) {
    const first = instruction.line - 1;
    const between = outside(file.lines.slice(next, first), next === 0);
    if (instruction.kind === 'from' && instruction !== file.instructions[0]) separate(between);
    for (const line of between) out.push(line);
    const headEnd = headLines(instruction);
    for (const line of formatHead(instruction, file.lines.slice(first, headEnd), file.directives.escape)) out.push(line);
    next = instruction.endLine;
    // The bodies keep what their lines end with.
    for (const line of raw.slice(headEnd, next)) out.push(end === '\r\n' && line.endsWith('\r') ? line.slice(0, -1) : line);
  }
  // Not spread: a call takes no hundred thousand arguments.
  for (const line of outside(file.lines.slice(next), next === 0)) out.push(line);
  while (out.at(-1) === '') out.pop();
  return mark + out.map((line) => `${line}${end}`).join('');
}

/** Number of the last line before the heredoc bodies. */
function headLines(instruction: Instruction): number {
  const heredocs =
    'heredocs' in instruction
      ? instruction.heredocs
      : instruction.kind === 'onbuild' && instruction.trigger && 'heredocs' in instruction.trigger
        ? instruction.trigger.heredocs
        : [];
  return heredocs.length === 0 ? instruction.endLine : instruction.rest.span.end.line;
}

/** Comments and empty lines between instructions. At the top of the file a blank decides what is a directive: they stay. */
function outside(lines: readonly string[], isTop: boolean): string[] {
  if (isTop) return lines.map((line) => line.trimEnd());
  const out: string[] = [];
  for (const line of lines) {
    const trimmed = line.trim();
    if (trimmed !== '' || out.at(-1) !== '') out.push(trimmed);
  }
  return out;
}

/** An empty line before a stage and the comments that belong to it. */
function separate(between: string[]): void {
  if (between.includes('')) return;
  between.unshift('');
}

function formatHead(instruction: Instruction, lines: readonly string[], escape: string): readonly string[] {
  let wanted: string | undefined;
  const candidates =
    lines.length === 1
      ? [() => [oneLine(instruction, lines[0] ?? '')]]
      : [() => severalLines(instruction, lines, escape, true), () => severalLines(instruction, lines, escape, false)];
  for (const candidate of candidates) {
    const made = candidate();
    if (made.length === lines.length && made.every((line, index) => line === lines[index])) return made;
    wanted ??= JSON.stringify(
      alone(
        lines.map((line) => line.trimEnd()),
        escape,
      ),
    );
    if (JSON.stringify(alone(made, escape)) === wanted) return made;
  }
  return lines;
}

/** The instruction by itself, without the places. Bodies of heredocs are cut off: what is missing is missing in both. */
function alone(lines: readonly string[], escape: string): readonly unknown[] {
  const { file, diagnostics } = parseDockerfile([`# escape=${escape}`, ...lines, ''].join('\n'), '');
  const mistakes = diagnostics.filter(isError).map(({ code }) => code);
  return [...toParsedDockerfile(file).instructions.map(withoutPlace), ...mistakes];
}

function oneLine(instruction: Instruction, line: string): string {
  const at = (column: number): number => column - 1;
  const { flags, rest, keyword } = instruction;
  const flagTexts = flags.map(({ span }) => line.slice(at(span.start.column), at(span.end.column)));
  const flagsEnd = at(flags.at(-1)?.span.end.column ?? instruction.span.start.column + keyword.length);
  const dashes = rest.text === '' ? line.slice(flagsEnd).trim() : line.slice(flagsEnd, at(rest.span.start.column)).trim();
  return [keyword.toUpperCase(), ...flagTexts, dashes, restText(instruction)].filter((part) => part !== '').join(' ');
}

function restText(instruction: Instruction): string {
  const { kind, form, args, rest } = instruction;
  switch (kind) {
    case 'from': {
      const [image = '', , name] = args;
      return name === undefined ? image : `${image} AS ${name}`;
    }
    case 'healthcheck':
      return rest.text.replace(/^(?:cmd|none)\b/i, (word) => word.toUpperCase());
    case 'env':
    case 'label':
      return form === 'pairs' ? args.join(' ') : rest.text;
    case 'copy':
    case 'add':
      if (form !== 'json') return instruction.heredocs.length === 0 && !rest.text.includes('<<') ? args.join(' ') : rest.text;
      return jsonText(args);
    case 'arg':
    case 'expose':
      return args.join(' ');
    case 'volume':
      return form === 'json' ? jsonText(args) : args.join(' ');
    case 'run':
    case 'cmd':
    case 'entrypoint':
    case 'shell':
      return form === 'json' ? jsonText(args) : rest.text;
    default:
      return rest.text;
  }
}

function jsonText(args: readonly string[]): string {
  return `[${args.map((arg) => JSON.stringify(arg)).join(', ')}]`;
}

/** Without empty lines and blanks at the ends; where words are words wherever they stand, continued lines are indented alike. */
function severalLines(instruction: Instruction, lines: readonly string[], escape: string, indents: boolean): readonly string[] {
  const isList = instruction.form === 'words' || instruction.form === 'pairs' || instruction.form === 'json';
  const out: string[] = [];
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (index === 0) {
      const after = trimmed.slice(instruction.keyword.length);
      out.push(
        `${instruction.keyword.toUpperCase()}${after.trim() === '' || after.startsWith(escape) ? after : ` ${after.trimStart()}`}`,
      );
    } else if (trimmed === '') continue;
    else if (indents && (isList || trimmed.startsWith('#'))) {
      const isContinued = trimmed.endsWith(escape) && !trimmed.startsWith('#');
      out.push(`    ${isContinued ? `${trimmed.slice(0, -escape.length).trimEnd()} ${escape}` : trimmed}`);
    } else out.push(line.trimEnd());
  }
  return out;
}

/** What a Dockerfile says, but for its layout: directives, comments that describe, and the arguments of everything. */
function meaning(file: Dockerfile): string {
  const { directives, instructions } = toParsedDockerfile(file);
  const comments = file.instructions.map((instruction) => instruction.comments);
  const triggers = file.instructions.map((instruction) => (instruction.kind === 'onbuild' ? instruction.text : ''));
  return JSON.stringify([directives, instructions.map(withoutPlace), comments, triggers]);
}

function withoutPlace({ keyword, flags, args, form, heredocs }: ParsedInstruction): unknown {
  const plain =
    keyword === 'FROM' ? args.map((arg, index) => (index === 1 && typeof arg === 'string' ? arg.toUpperCase() : arg)) : args;
  return [keyword, flags, plain.map((arg) => (typeof arg === 'string' ? arg : withoutPlace(arg))), form, heredocs];
}
