import type { SourceSpan } from '../base/index.ts';
import type { Diagnostic, Dockerfile, Instruction } from './instruction.ts';

/** `3:1-4:7`: lines and columns, the end exclusive. */
export function printSpan({ start, end }: SourceSpan): string {
  return `${start.line}:${start.column}-${end.line}:${end.column}`;
}

/** The syntax tree as indented text, for tests and for debugging. Absent members and empty lists are left out. */
export function print(file: Dockerfile): string {
  const { directives, args, stages, instructions } = file;
  const lines = [`escape ${directives.escape}`];
  for (const name of ['syntax', 'check'] as const) {
    const directive = directives[name];
    if (directive !== undefined) lines.push(`${name} ${JSON.stringify(directive.value)} ${printSpan(directive.span)}`);
  }
  const shown = new Set<Instruction>();
  const show = (instruction: Instruction, indent: string): void => {
    shown.add(instruction);
    for (const line of instructionLines(instruction, indent)) lines.push(line);
  };
  for (const arg of args) show(arg, '');
  for (const stage of stages) {
    lines.push(`stage ${stage.index}${stage.name === undefined ? '' : ` ${stage.name}`}`);
    show(stage.from, '  ');
    for (const instruction of stage.instructions) show(instruction, '  ');
  }
  const strays = instructions.filter((instruction) => !shown.has(instruction));
  if (strays.length > 0) lines.push('outside any stage');
  for (const stray of strays) show(stray, '  ');
  return `${lines.join('\n')}\n`;
}

const baseMembers = new Set(['kind', 'span', 'line', 'endLine', 'keyword', 'rest', 'form']);

function instructionLines(instruction: Instruction, indent: string): string[] {
  const lines = [`${indent}${instruction.kind} ${printSpan(instruction.span)} ${instruction.form}`];
  for (const [name, value] of Object.entries(instruction)) {
    if (!baseMembers.has(name)) lines.push(...valueLines(name, value, `${indent}  `));
  }
  return lines;
}

function valueLines(name: string, value: unknown, indent: string): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (items.every((item) => typeof item === 'string'))
      return items.length === 0 ? [] : [`${indent}${name}: ${JSON.stringify(items)}`];
    return items.flatMap((item) => valueLines(name, item, indent));
  }
  if (typeof value !== 'object' || value === null) return [`${indent}${name}: ${JSON.stringify(value)}`];
  if (isInstruction(value)) return [`${indent}${name}:`, ...instructionLines(value, `${indent}  `)];
  const members = Object.entries(value);
  if (isWord(value) && members.length === 2) return [`${indent}${name}: ${JSON.stringify(value.text)} ${printSpan(value.span)}`];
  const inner = members.filter(([key]) => key !== 'span').flatMap(([key, member]) => valueLines(key, member, `${indent}  `));
  return [`${indent}${name}:${'span' in value ? ` ${printSpan(value.span as SourceSpan)}` : ''}`, ...inner];
}

function isWord(value: object): value is { text: string; span: SourceSpan } {
  return 'text' in value && 'span' in value;
}

function isInstruction(value: object): value is Instruction {
  return 'kind' in value && 'original' in value;
}

/** One diagnostic a paragraph: place, severity, code, message, hint. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ severity, code, rule, message, at, hint }) => {
      const name = rule === undefined ? code : `${code} ${rule}`;
      return `${printSpan(at)} ${severity}[${name}]: ${message}\n${hint === undefined ? '' : `  hint: ${hint}\n`}`;
    })
    .join('');
}
