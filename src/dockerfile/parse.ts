import type { SourceSpan } from '../base/index.ts';
import { readDirectives } from './directives.ts';
import { findHeredocs, readBodies } from './heredoc.ts';
import type { Diagnostic, Dockerfile, StageInstruction } from './instruction.ts';
import { joinPieces, type LogicalLine, lineAt, type Piece } from './logical-line.ts';
import { canHaveHeredocs, readInstruction } from './read-instruction.ts';
import { Reporter } from './reporter.ts';
import { collectStages, type ReadItem } from './stages.ts';
import { isTooLong, maxLineBytes, type SourceLines, splitLines, trimStart, wholeLine } from './source-lines.ts';
import { cutStatement, type PlacedHeredoc, type Statement, type Surroundings } from './statement.ts';

export interface ParseResult {
  readonly file: Dockerfile;
  /** In the order of the file. The file may be built when none is an error. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Read a Dockerfile. Never throws: whatever is wrong with the text becomes a diagnostic, and the rest is read on.
 * `fileName` is what spans call the file.
 */
export function parseDockerfile(text: string | Uint8Array, fileName: string = 'Dockerfile'): ParseResult {
  const source = splitLines(text, fileName);
  const report = new Reporter();
  const { directives, bodyFrom } = readDirectives(source, report);
  checkLineLengths(source, report);
  const items = new StatementReader(source, directives.escape, report).readAll(bodyFrom);
  const { args, stages, instructions } = collectStages(items, source, report);
  return {
    file: { file: fileName, directives, args, stages, instructions, lines: source.lines },
    diagnostics: report.diagnostics(),
  };
}

export interface TriggerResult {
  readonly instruction: StageInstruction | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Read one instruction that an image's config keeps for the builds on top of it. It has no place of its own: every
 * span is `at`, the FROM that brought it in.
 */
export function parseTrigger(text: string, at: SourceSpan): TriggerResult {
  const report = new Reporter();
  const items = new StatementReader(splitLines(text, at.file), '\\', report, at).readAll(0);
  const [only] = items;
  if (only === undefined || items.length > 1) {
    const message = `an ONBUILD trigger must hold exactly one instruction: ${JSON.stringify(text)}`;
    report.error('DF_BAD_ONBUILD', message, at);
  }
  const instruction = only?.instruction;
  if (instruction?.kind === 'from' || instruction?.kind === 'maintainer' || instruction?.kind === 'onbuild') {
    report.error('DF_BAD_ONBUILD', `${instruction.kind.toUpperCase()} isn't allowed as an ONBUILD trigger`, at);
    return { instruction: undefined, diagnostics: report.diagnostics() };
  }
  return { instruction, diagnostics: report.diagnostics() };
}

function checkLineLengths(source: SourceLines, report: Reporter): void {
  const index = source.rawLines.findIndex(isTooLong);
  if (index < 0) return;
  const message = `dockerfile line greater than max allowed size of ${maxLineBytes}`;
  report.error('DF_LINE_TOO_LONG', message, wholeLine(source, index + 1), 'break the line, or copy its content from a file');
}

/** Goes through the lines once, from instruction to instruction. */
class StatementReader {
  readonly #source: SourceLines;
  readonly #escape: '\\' | '`';
  readonly #report: Reporter;
  readonly #at: SourceSpan | undefined;
  #next = 0;
  #comments: string[] = [];

  constructor(source: SourceLines, escape: '\\' | '`', report: Reporter, at?: SourceSpan) {
    this.#source = source;
    this.#escape = escape;
    this.#report = report;
    this.#at = at;
  }

  readAll(from: number): readonly ReadItem[] {
    this.#next = from;
    const items: ReadItem[] = [];
    while (this.#next < this.#source.lines.length) {
      const line = this.#readLogicalLine();
      if (line !== undefined) items.push(this.#readStatement(line));
    }
    return items;
  }

  /** The next logical line; `undefined` when a comment or a blank line came instead. */
  #readLogicalLine(): LogicalLine | undefined {
    const { lines, file } = this.#source;
    const pieces: Piece[] = [];
    let hasEmptyLine = false;
    for (let isContinued = true; isContinued && this.#next < lines.length; this.#next++) {
      const line = lines[this.#next] ?? '';
      const trimmed = trimStart(line);
      const isFirst = pieces.length === 0;
      if (trimmed.startsWith('#') || trimmed === '') {
        if (!isFirst) {
          hasEmptyLine ||= trimmed === '';
          continue;
        }
        if (trimmed !== '') this.#remember(trimmed.slice(1).trim());
        this.#next += 1;
        return undefined;
      }
      const text = isFirst ? trimmed : line;
      const end = continuationAt(text, this.#escape);
      isContinued = end !== undefined;
      pieces.push({ text: text.slice(0, end), line: this.#next + 1, column: line.length - text.length + 1 });
    }
    if (hasEmptyLine) this.#warnEmptyContinuation();
    const joined = joinPieces(file, pieces, this.#next);
    if (trimStart(joined.text) === '') {
      this.#refuseLoneEscape(joined);
      return undefined;
    }
    return this.#at === undefined ? joined : lineAt(joined.text, this.#at);
  }

  /** A line with nothing but the escape character is skipped, unless nothing follows it. */
  #refuseLoneEscape(line: LogicalLine): void {
    const at = this.#at ?? wholeLine(this.#source, line.line);
    this.#report.error('DF_UNKNOWN_INSTRUCTION', 'unknown instruction: ', at, `remove the \`${this.#escape}\``);
  }

  /** An empty comment detaches those above it. */
  #remember(comment: string): void {
    if (comment === '') this.#comments = [];
    else this.#comments.push(comment);
  }

  #warnEmptyContinuation(): void {
    this.#report.warning('DF_EMPTY_CONTINUATION', 'Empty continuation line', this.#at ?? wholeLine(this.#source, this.#next), {
      rule: 'NoEmptyContinuation',
      hint: 'remove the empty lines, or make them comments',
    });
  }

  #readStatement(line: LogicalLine): ReadItem {
    const statement = cutStatement(line, 0, line.text.length, this.#escape);
    const bodiesFrom = this.#next;
    this.#report.enter({ first: line.line, last: line.endLine });
    const heredocs = line.text.includes('<<') && canHaveHeredocs(statement) ? this.#readHeredocs(statement) : [];
    const own = line.spanOf(statement.start, statement.end);
    const end = this.#at === undefined && this.#next > bodiesFrom ? wholeLine(this.#source, this.#next).end : own.end;
    const around: Surroundings = { comments: this.#comments, heredocs, end };
    this.#comments = [];
    if (heredocs.length > 0) this.#report.enter({ first: line.line, last: end.line });
    const instruction = readInstruction({ statement, around, report: this.#report });
    this.#report.leave();
    return { statement, instruction };
  }

  #readHeredocs(statement: Statement): readonly PlacedHeredoc[] {
    const { source } = statement;
    const { heredocs, next, unterminated } = readBodies(source, findHeredocs(source.text), this.#source, this.#next);
    this.#next = next;
    if (unterminated !== undefined) {
      const { name, text, start, end } = unterminated;
      this.#report.enter({ first: source.line, last: next });
      const isGlued = /[>|&;)]/.test(name);
      const hint = isGlued
        ? `the end line is taken to be \`${name}\`: put a blank after the name in \`${text}\``
        : `end it with a line that holds nothing but \`${name}\``;
      this.#report.error('DF_UNTERMINATED_HEREDOC', 'unterminated heredoc', source.spanOf(start, end), hint);
    }
    return heredocs;
  }
}

/**
 * Where the text of a continued line ends, or `undefined` when the line is not continued. A doubled escape token at
 * the end does not continue.
 */
function continuationAt(line: string, escape: string): number | undefined {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  if (end === 0 || line[end - 1] !== escape) return undefined;
  return end === 1 || line[end - 2] !== escape ? end - 1 : undefined;
}
