/** `path` below `dir`, or itself when it is absolute: cleaned, always absolute. */
export function joinPath(dir: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${dir}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * The destination of a copy. An empty one and `.` are the working directory, as a directory; a trailing `/` or `/.`
 * says "directory" and is kept.
 */
export function copyDest(workdir: string, path: string): string {
  const written = path === '' || path === '.' ? './' : path;
  const clean = joinPath(workdir, written);
  if (clean === '/') return clean;
  if (written.endsWith('/')) return `${clean}/`;
  return written.endsWith('/.') ? `${clean}/.` : clean;
}

export function baseName(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? '';
}

export function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./g, ''));
}
