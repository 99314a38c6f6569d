import { compileGlob, hasWildcard, nearest, rootfsPath, SlipwayError } from '../base/index.ts';
import { baseOf, joinPath } from './path-order.ts';
import { resolve } from './resolve.ts';
import { childrenOf, type Tree, type TreeNode } from './tree.ts';

/** What a copy says about where it reads. The copy action of a file op fits. */
export interface CopySelection {
  /** A path, or a pattern when `allowWildcard`. */
  readonly src: string;
  readonly followSymlink: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  /** Patterns as in an ignore file, relative to each copied directory; an empty list includes all. */
  readonly includePatterns: readonly string[];
  readonly excludePatterns: readonly string[];
  /** Paths below `src` without which the copy fails. */
  readonly requiredPaths: readonly string[];
}

/** One thing that a copy reads: a file, or a directory whose contents are meant. */
export interface CopySource {
  /** The base name as written or matched, before symlinks were followed: a file copied into a directory gets it. */
  readonly name: string;
  /** Where it is, symlinks resolved. */
  readonly path: string;
  readonly node: TreeNode;
}

/**
 * The sources of a copy, in the order they are copied.
 *
 * @throws {SlipwayError} `LAYER_NOT_FOUND` a path without wildcard, the part before the first wildcard, or a required
 * path is not there; or nothing matched although something must. `LAYER_SYMLINK_LOOP`.
 */
export function copySources(source: Tree, action: CopySelection): CopySource[] {
  const paths = action.allowWildcard ? matchPaths(source, action.src, action.followSymlink) : [clean(action.src)];
  if (paths.length === 0 && !action.allowEmptyWildcard) throw notFound(source, clean(action.src));
  const found = paths.map((path) => {
    const at = resolve(source, path, { followLast: action.followSymlink });
    if (at === undefined) throw notFound(source, path);
    return { name: baseOf(path), path: at.path, node: at.node };
  });
  for (const path of action.requiredPaths) requirePath(source, clean(action.src), clean(path));
  return found;
}

/**
 * The paths that `pattern` stands for; a path without wildcard stands for itself, whether it exists or not. Matches come in index
 * order; what is below a match is not looked at.
 *
 * @throws {SlipwayError} `LAYER_NOT_FOUND` the directories before the first wildcard are not there.
 */
export function matchPaths(tree: Tree, pattern: string, followSymlink: boolean): string[] {
  const parts = clean(pattern).split('/');
  const firstWild = parts.findIndex((part) => hasWildcard(part));
  if (firstWild < 0) return [parts.join('/')];
  const prefix = parts.slice(0, firstWild).join('/');
  const start = resolve(tree, prefix, { followLast: followSymlink });
  if (start === undefined) throw notFound(tree, prefix);
  const wild = parts.slice(firstWild);
  // A class may match a slash: only without one does the depth of a match follow from the pattern.
  const isDeep = wild.some((part) => part.includes('['));
  const isMatch = compileGlob(wild.join('/'));
  const level = wild.map((part) => compileGlob(part));
  const matches: string[] = [];
  const visit = (dir: TreeNode, path: string, depth: number): void => {
    for (const [name, node] of childrenOf(dir)) {
      const at = joinPath(path, name);
      if (isMatch(at)) matches.push(joinPath(start.path, at));
      else if (isDeep || (depth + 1 < wild.length && level[depth]?.(name) === true)) visit(node, at, depth + 1);
    }
  };
  visit(start.node, '', 0);
  return matches;
}

/** Made as COPY says it of a missing source; with the nearest name that does exist. */
export function notFound(tree: Tree, path: string): SlipwayError {
  const link = resolve(tree, path, { followLast: false })?.node.entry;
  const suggestion = suggest(tree, path);
  const hint =
    link?.type === 'symlink'
      ? `\`/${path}\` is a symbolic link to \`${link.target}\`, which is not there: links cannot leave the file system they are in`
      : suggestion === undefined
        ? undefined
        : `did you mean \`/${suggestion}\`?`;
  return new SlipwayError('LAYER_NOT_FOUND', `"/${path}": not found`, { hint });
}

/** Absolute or not, `path` counts from the root and cannot leave it. */
export function clean(path: string): string {
  return rootfsPath(path).slice(1);
}

function requirePath(source: Tree, base: string, path: string): void {
  const below = resolve(source, joinPath(base, path), { followLast: false });
  if (below === undefined && resolve(source, path, { followLast: false }) === undefined)
    throw notFound(source, joinPath(base, path));
}

/** Walk down `path` as far as it exists, then look for a name like the next one. */
function suggest(tree: Tree, path: string): string | undefined {
  let known = '';
  for (const name of path.split('/')) {
    const at = joinPath(known, name);
    if (resolve(tree, at, { followLast: true }) !== undefined) {
      known = at;
      continue;
    }
    const dir = resolve(tree, known, { followLast: true });
    const names = dir === undefined ? [] : childrenOf(dir.node).map(([child]) => child);
    const near = nearest(name, names);
    return near === undefined ? undefined : joinPath(known, near);
  }
  return undefined;
}
