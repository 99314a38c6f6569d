import { randomBytes } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { decodeFileName, ifThere } from '../base/index.ts';
import { fsPath } from './file-names.ts';

/** In UTF-16 units, of which none is more than three bytes: with one more name a path stays below the kernel's 4,096 bytes. */
const maxDepthLength = 768;

/**
 * Remove what is at `path` with all below, however deep it is: a step can make trees to whose end no path leads. Nothing is
 * followed, and nothing there is no error.
 */
export function removeTree(path: string): void {
  const stat = ifThere(() => lstatSync(fsPath(path)));
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    ifThere(() => unlinkSync(fsPath(path)));
    return;
  }
  const limit = path.length + maxDepthLength;
  const movedUp: string[] = [];
  const moveUp = (directory: string): void => {
    const place = `${path}/${randomBytes(12).toString('hex')}`;
    renameSync(fsPath(directory), fsPath(place));
    movedUp.push(place);
  };
  emptyDirectory(path, limit, moveUp);
  for (let next = movedUp.pop(); next !== undefined; next = movedUp.pop()) removeDirectory(next, limit, moveUp);
  ifThere(() => rmdirSync(fsPath(path)));
}

/** Directories whose path gets longer than `limit` are handed to `moveUp`, which has to take them away from there. */
function emptyDirectory(path: string, limit: number, moveUp: (directory: string) => void): void {
  for (const entry of ifThere(() => entriesOf(path)) ?? []) {
    const child = `${path}/${decodeFileName(entry.name)}`;
    if (!entry.isDirectory()) ifThere(() => unlinkSync(fsPath(child)));
    else if (child.length > limit) moveUp(child);
    else removeDirectory(child, limit, moveUp);
  }
}

function removeDirectory(path: string, limit: number, moveUp: (directory: string) => void): void {
  emptyDirectory(path, limit, moveUp);
  ifThere(() => rmdirSync(fsPath(path)));
}

function entriesOf(path: string): Dirent<Buffer>[] {
  return readdirSync(fsPath(path), { withFileTypes: true, encoding: 'buffer' });
}
