import { compilePatterns, type MatchState, type PathMatcher } from '../base/index.ts';
import { childrenOf, type TreeNode } from './tree.ts';

/** Compiled include and exclude patterns of a copy. */
export interface CopyFilter {
  readonly include: PathMatcher | undefined;
  readonly exclude: PathMatcher | undefined;
}

/**
 * An exclude pattern that starts with a slash matches nothing, unlike a line of an ignore file: paths here never start with one.
 * @throws {SlipwayError} `PATTERN_SYNTAX`
 */
export function compileCopyFilter(includePatterns: readonly string[], excludePatterns: readonly string[]): CopyFilter {
  const excludes = excludePatterns.filter((pattern) => !/^\s*!?\s*\//.test(pattern));
  return {
    include: includePatterns.length === 0 ? undefined : compilePatterns(includePatterns),
    exclude: excludes.length === 0 ? undefined : compilePatterns(excludes),
  };
}

/** Told what a copy takes, in index order. `D` is whatever stands for a directory of the destination. */
export interface CopyVisitor<D> {
  /**
   * Enter a directory below the top. `isTaken`: the patterns take it; else it is only on the way to something taken, and
   * this call comes when the first such thing is found.
   */
  enterDir(parent: D, name: string, node: TreeNode, isTaken: boolean): D;
  leaveDir(dir: D, node: TreeNode, isTaken: boolean): void;
  /** Anything but a directory. */
  leaf(parent: D, name: string, node: TreeNode): void;
}

/** Visit what a copy of the contents of the directory `from` into `top` takes. The one place that knows the rules of include and exclude. */
export function walkCopy<D>(from: TreeNode, filter: CopyFilter, top: D, visitor: CopyVisitor<D>): void {
  if (filter.include === undefined && filter.exclude === undefined) walkAll(from, top, visitor);
  else walkFiltered(from, filter.include?.root, filter.exclude?.root, () => top, filter, visitor);
}

function walkAll<D>(from: TreeNode, parent: D, visitor: CopyVisitor<D>): void {
  for (const [name, node] of childrenOf(from)) {
    if (node.children === undefined) visitor.leaf(parent, name, node);
    else {
      const dir = visitor.enterDir(parent, name, node, true);
      walkAll(node, dir, visitor);
      visitor.leaveDir(dir, node, true);
    }
  }
}

function walkFiltered<D>(
  from: TreeNode,
  included: MatchState | undefined,
  excluded: MatchState | undefined,
  parent: () => D,
  filter: CopyFilter,
  visitor: CopyVisitor<D>,
): void {
  for (const [name, node] of childrenOf(from)) {
    const include = included && filter.include?.enter(included, name);
    const exclude = excluded && filter.exclude?.enter(excluded, name);
    const isTaken = include?.isMatched !== false && exclude?.isMatched !== true;
    if (node.children === undefined) {
      if (isTaken) visitor.leaf(parent(), name, node);
      continue;
    }
    const isHopeless =
      (include?.isMatched === false && !include.mayDifferBelow) || (exclude?.isMatched === true && !exclude.mayDifferBelow);
    if (!isTaken && isHopeless) continue;
    let dir: { readonly value: D } | undefined;
    const open = (): D => {
      dir ??= { value: visitor.enterDir(parent(), name, node, isTaken) };
      return dir.value;
    };
    if (isTaken) open();
    walkFiltered(node, include, exclude, open, filter, visitor);
    if (dir !== undefined) visitor.leaveDir(dir.value, node, isTaken);
  }
}
