import { compileGlob, hasWildcard } from '../base/index.ts';

/** Which parts of a context a build can ask for. */
export interface FollowPaths {
  /** May `path`, or something below it, be asked for? */
  mayHold(path: string): boolean;
  /** Would a symbolic link at `path` be followed? Then anything may be asked for. */
  mayLeadAway(path: string): boolean;
}

export const followEverything: FollowPaths = { mayHold: () => true, mayLeadAway: () => false };

/**
 * From the paths that COPY and bind mounts name. The part before the first wildcard decides.
 * `isLink` tells whether a path of the context is a symbolic link: a path through one can lead anywhere, so then everything may be asked for.
 */
export function followPaths(paths: readonly string[], isLink: (path: string) => boolean): FollowPaths {
  const prefixes: string[] = [];
  const patterns = paths.filter((path) => hasWildcard(path)).map((path) => compileGlob(path));
  for (const path of paths) {
    const parts: string[] = [];
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (/[*?[\\]/.test(part)) break;
      parts.push(part);
      if (isLink(parts.join('/'))) return followEverything;
    }
    if (parts.length === 0) return followEverything;
    prefixes.push(parts.join('/'));
  }
  return {
    mayHold: (path) =>
      prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`) || prefix.startsWith(`${path}/`)),
    mayLeadAway: (path) => patterns.some((isMatch) => isMatch(path)),
  };
}
