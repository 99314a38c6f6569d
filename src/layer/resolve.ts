import { SlipwayError } from '../base/index.ts';
import { joinPath } from './path-order.ts';
import type { Tree, TreeNode } from './tree.ts';

export interface Resolved {
  /** Where the walk ended: no symlink in it, no `..`. */
  readonly path: string;
  readonly node: TreeNode;
}

/** Where a path leads although some of it need not exist. */
export interface Destination {
  readonly path: string;
  readonly node: TreeNode | undefined;
}

export interface ResolveOptions {
  /** Follow the last component too when it is a symlink. */
  readonly followLast: boolean;
}

/**
 * Follow `path` inside the root as the kernel would after `chroot`: absolute targets start at the root, `..` stops there.
 * Undefined when something on the way is missing or is no directory.
 *
 * @throws {SlipwayError} `LAYER_SYMLINK_LOOP`
 */
export function resolve(tree: Tree, path: string, { followLast }: ResolveOptions): Resolved | undefined {
  const end = walk(tree, path, followLast);
  return end.node === undefined || end.blockedAt !== undefined ? undefined : { path: end.path, node: end.node };
}

/**
 * Like `resolve`, for a place to write to: from the first missing component on, the rest is taken as written.
 *
 * @throws {SlipwayError} `LAYER_SYMLINK_LOOP`; `LAYER_NOT_DIRECTORY` when a file stands in the way.
 */
export function resolveDestination(tree: Tree, path: string, { followLast }: ResolveOptions): Destination {
  const end = walk(tree, path, followLast);
  if (end.blockedAt !== undefined) throw notDirectory(end.blockedAt);
  return { path: end.path, node: end.node };
}

export function notDirectory(path: string): SlipwayError {
  return new SlipwayError('LAYER_NOT_DIRECTORY', `cannot copy to non-directory: /${path}`, {
    hint: `\`/${path}\` is not a directory here: remove it in an earlier step, or choose another destination`,
  });
}

const maxLinks = 255;

interface End extends Destination {
  /** A component that ought to be a directory and exists as something else. */
  readonly blockedAt: string | undefined;
}

function walk(tree: Tree, path: string, followLast: boolean): End {
  const todo = path.split('/').reverse();
  let trail: TreeNode[] = [tree.root];
  let names: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const name = todo.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      names.pop();
      if (trail.length > 1) trail.pop();
      continue;
    }
    const dir = trail.at(-1);
    const at = [...names, name].join('/');
    if (dir?.children === undefined) return { path: at, node: undefined, blockedAt: names.join('/') };
    const child = dir.children.get(name);
    if (child === undefined) return missing(at, todo);
    if (child.entry.type === 'symlink' && (followLast || todo.some(isName))) {
      links += 1;
      if (links > maxLinks) throw loop(path);
      if (child.entry.target.startsWith('/')) {
        trail = [tree.root];
        names = [];
      }
      todo.push(...child.entry.target.split('/').reverse());
      continue;
    }
    trail.push(child);
    names.push(name);
  }
  return { path: names.join('/'), node: trail.at(-1), blockedAt: undefined };
}

function isName(part: string): boolean {
  return part !== '' && part !== '.';
}

/** The rest of a path whose component `at` does not exist, cleaned lexically. */
function missing(at: string, todo: readonly string[]): End {
  let path = at;
  for (const name of [...todo].reverse()) {
    if (name === '..') path = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    else if (isName(name)) path = joinPath(path, name);
  }
  return { path, node: undefined, blockedAt: undefined };
}

function loop(path: string): SlipwayError {
  return new SlipwayError('LAYER_SYMLINK_LOOP', `too many symbolic links on the way to \`${path}\``, {
    hint: 'two links point at each other: remove one of them',
  });
}
