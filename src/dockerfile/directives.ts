import type { Directive, Directives } from './instruction.ts';
import type { Reporter } from './reporter.ts';
import { type SourceLines, wholeLine } from './source-lines.ts';

const pattern = /^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const known = new Set(['syntax', 'escape', 'check']);

interface Found {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Read the directives at the top of the file.
 *
 * `bodyFrom` is the index of the first line after them. `escape` tolerates blanks before `#`; `syntax` and `check` do
 * not, but are also found below a `#!` line.
 */
export function readDirectives(source: SourceLines, report: Reporter): { directives: Directives; bodyFrom: number } {
  const block: Found[] = [];
  let escape: '\\' | '`' = '\\';
  for (const [index, line] of source.lines.entries()) {
    const found = directiveIn(line.trimStart(), '#', index + 1);
    if (found === undefined) break;
    if (block.some((earlier) => earlier.name === found.name)) {
      const message = `only one ${found.name} parser directive can be used`;
      report.error('DF_DUPLICATE_DIRECTIVE', message, wholeLine(source, found.line), 'remove one of them');
    } else if (found.name === 'escape') {
      if (found.value === '\\' || found.value === '`') escape = found.value;
      else {
        const message = `invalid escape token '${found.value}' does not match \` or \\`;
        report.error('DF_BAD_ESCAPE', message, wholeLine(source, found.line), 'write `# escape=\\` or `# escape=``');
      }
    }
    block.push(found);
  }
  const shebang = source.lines[0]?.startsWith('#!') === true ? 1 : 0;
  const raw = blockOf(source, '#', shebang);
  const syntax = raw.find((found) => found.name === 'syntax') ?? otherSyntax(source, shebang);
  const check = raw.find((found) => found.name === 'check');
  return {
    directives: {
      syntax: firstWord(source, syntax),
      check: firstWord(source, check),
      escape,
      escapeDirective: firstWord(
        source,
        block.find((found) => found.name === 'escape'),
      ),
    },
    bodyFrom: block.length,
  };
}

function blockOf(source: SourceLines, comment: string, from: number): readonly Found[] {
  const block: Found[] = [];
  for (let index = from; index < source.lines.length; index++) {
    const found = directiveIn(source.lines[index] ?? '', comment, index + 1);
    if (found === undefined || block.some((earlier) => earlier.name === found.name)) break;
    block.push(found);
  }
  return block;
}

function directiveIn(line: string, comment: string, number: number): Found | undefined {
  if (!line.startsWith(comment)) return undefined;
  const match = pattern.exec(line.slice(comment.length).trimStart());
  const name = match?.[1]?.toLowerCase();
  if (name === undefined || !known.has(name)) return undefined;
  return { name, value: match?.[2] ?? '', line: number };
}

/** `// syntax=…` and a JSON object with a `syntax` member name a frontend for files that are no Dockerfiles at all. */
function otherSyntax(source: SourceLines, from: number): Found | undefined {
  const slashes = blockOf(source, '//', from).find((found) => found.name === 'syntax');
  if (slashes !== undefined || source.lines[from]?.trimStart().startsWith('{') !== true) return slashes;
  try {
    const json: unknown = JSON.parse(source.lines.slice(from).join('\n'));
    const value = typeof json === 'object' && json !== null && 'syntax' in json ? json.syntax : undefined;
    return typeof value === 'string' ? { name: 'syntax', value, line: from + 1 } : undefined;
  } catch {
    return undefined;
  }
}

function firstWord(source: SourceLines, found: Found | undefined): Directive | undefined {
  if (found === undefined) return undefined;
  return { value: found.value.split(' ', 1)[0] ?? '', span: wholeLine(source, found.line) };
}
