import { type BigIntStats, lstatSync, type Stats } from 'node:fs';
import { ifThere } from '../base/index.ts';
import { fsPath } from './file-names.ts';

/** What is at `path`, itself not followed; undefined when nothing is, also because something on the way is no directory. */
export function statIfThere(path: string): Stats | undefined {
  return ifThere(() => lstatSync(fsPath(path), { throwIfNoEntry: false }));
}

/** The same with times in nanoseconds. */
export function bigStatIfThere(path: string): BigIntStats | undefined {
  return ifThere(() => lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false }));
}
