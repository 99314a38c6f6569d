import { type HostPath, hostPath, ifThere, SlipwayError } from '../base/index.ts';
import { readLink } from './file-names.ts';
import { statIfThere } from './stat-if-there.ts';

const maxLinks = 255;

/**
 * Where `path` of the tree at `root` is on the host. Symlinks are followed as if `root` were `/`, so no link and no `..` leads
 * out. What doesn't exist is taken by its name. Sound only while nobody changes the tree.
 *
 * @throws {SlipwayError} `NATIVE_LINK_LOOP` more than 255 symlinks
 */
export function resolveInRoot(root: HostPath, path: string, options: { readonly followLast?: boolean } = {}): HostPath {
  const followLast = options.followLast ?? true;
  const pending = path.split('/').reverse();
  const done: string[] = [];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    done.push(name);
    if (!followLast && pending.every((rest) => rest === '' || rest === '.')) continue;
    const target = linkTarget(`${root}/${done.join('/')}`);
    if (target === undefined) continue;
    links += 1;
    if (links > maxLinks) throw new SlipwayError('NATIVE_LINK_LOOP', `too many symlinks on the way to \`${path}\``);
    done.pop();
    if (target.startsWith('/')) done.length = 0;
    pending.push(...target.split('/').reverse());
  }
  return hostPath(done.length === 0 ? root : `${root}/${done.join('/')}`);
}

function linkTarget(path: string): string | undefined {
  return statIfThere(path)?.isSymbolicLink() === true ? ifThere(() => readLink(path)) : undefined;
}
