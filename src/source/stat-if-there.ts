import { lstatSync, type Stats } from 'node:fs';
import { isNotFound } from '../base/index.ts';
import { fsPath } from '../native/index.ts';

/** What is at `path`, itself not followed; undefined when nothing is, also because something on the way is no directory. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
