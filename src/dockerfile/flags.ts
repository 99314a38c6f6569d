import { nearest } from '../base/index.ts';
import type { Word } from './instruction.ts';
import type { Reporter } from './reporter.ts';
import { type Slice, type Statement, spanOf } from './statement.ts';

export type FlagType = 'bool' | 'string' | 'list';

/** The checked flags of one instruction. */
export class Flags {
  readonly #values: ReadonlyMap<string, readonly Word[]>;

  constructor(values: ReadonlyMap<string, readonly Word[]>) {
    this.#values = values;
  }

  string(name: string): Word | undefined {
    return this.#values.get(name)?.[0];
  }

  list(name: string): readonly Word[] {
    return this.#values.get(name) ?? [];
  }

  /** `undefined` when the flag is not there. */
  bool(name: string): boolean | undefined {
    const word = this.string(name);
    return word === undefined ? undefined : word.text !== 'false';
  }
}

/** Check the flags of a statement against those its instruction knows; bad ones are reported and left out. */
export function readFlags(statement: Statement, known: Readonly<Record<string, FlagType>>, report: Reporter): Flags {
  const values = new Map<string, Word[]>();
  for (const flag of statement.flags) {
    const equals = flag.text.indexOf('=');
    const name = flag.text.slice(2, equals < 0 ? undefined : equals);
    const at = spanOf(statement, flag);
    const type = Object.hasOwn(known, name) ? known[name] : undefined;
    if (type === undefined) {
      const near = nearest(name, Object.keys(known));
      const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
      const hint = near === undefined ? hintFor(statement, known) : `write \`--${near}\``;
      report.error('DF_UNKNOWN_FLAG', `unknown flag: --${name}${meant}`, at, hint);
      continue;
    }
    const before = values.get(name);
    if (before !== undefined && type !== 'list') {
      report.error('DF_DUPLICATE_FLAG', `duplicate flag specified: --${name}`, at, 'keep one of them');
      continue;
    }
    const value = type === 'bool' ? boolOf(flag.text, name, equals) : stringOf(flag.text, name, equals);
    if ('problem' in value) {
      const hint = type === 'bool' ? `write \`--${name}\` or \`--${name}=false\`` : `write \`--${name}=…\``;
      report.error('DF_BAD_FLAG_VALUE', value.problem, at, hint);
    } else {
      const word = { text: value.text, span: valueSpan(statement, flag) };
      if (before === undefined) values.set(name, [word]);
      else before.push(word);
    }
  }
  return new Flags(values);
}

function hintFor(statement: Statement, known: Readonly<Record<string, FlagType>>): string {
  const names = Object.keys(known);
  const keyword = statement.keyword.toUpperCase();
  if (names.length === 0) return `${keyword} has no flags; write \`--\` before arguments that start with \`--\``;
  return `${keyword} knows ${names.map((name) => `\`--${name}\``).join(', ')}`;
}

type Value = { readonly text: string } | { readonly problem: string };

function stringOf(flag: string, name: string, equals: number): Value {
  return equals < 0 ? { problem: `missing a value on flag: --${name}` } : { text: flag.slice(equals + 1) };
}

function boolOf(flag: string, name: string, equals: number): Value {
  if (equals < 0) return { text: 'true' };
  const value = flag.slice(equals + 1);
  const lower = value.toLowerCase();
  if (value === '') return { problem: `missing a value on flag: --${name}` };
  if (lower === 'true' || lower === 'false') return { text: lower };
  return { problem: `expecting boolean value for flag --${name}, not: ${value}` };
}

function valueSpan(statement: Statement, flag: Slice): Word['span'] {
  const equals = statement.source.text.indexOf('=', flag.start);
  const start = equals < 0 || equals >= flag.end ? flag.start : equals + 1;
  return spanOf(statement, { start, end: flag.end });
}
