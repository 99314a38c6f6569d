declare const brand: unique symbol;

/** A value of type `T` that only its own parser may produce. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A path on the machine that runs Slipway. */
export type HostPath = Brand<string, 'HostPath'>;

/** A path inside an image: absolute, cleaned, `/`-separated. */
export type RootfsPath = Brand<string, 'RootfsPath'>;

/** Declare that `path` names a file of the host. The caller vouches that no image or context chose it. */
export function hostPath(path: string): HostPath {
  return path as HostPath;
}

/**
 * Clean `path` as an absolute path inside an image: `.` and `..` are resolved lexically and can never leave `/`.
 */
export function rootfsPath(path: string): RootfsPath {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}` as RootfsPath;
}
