import { SlipwayError } from '../base/index.ts';
import type { DirEntry, Entry, HardlinkEntry } from './entry.ts';
import { clean } from './copy-source.ts';
import { joinPath, parentOf, sortEntries } from './path-order.ts';
import { childrenOf, nodeAt, type Tree } from './tree.ts';

/** A `.wh..wh..opq` of a tar: the layers below show nothing in the directory `path`. */
export interface OpaqueMarker {
  readonly type: 'opaque';
  readonly path: string;
}

/**
 * Entries as a tar gives them, in its order, made into those of a `LayerIndex`: sorted, each path once, the last one winning.
 *
 * Whiteouts and opaque markers speak of the layers below only, wherever they stand: together with an entry of the same
 * path they make an opaque directory, or nothing. What a tar says of the root itself counts for nothing, as with containerd. Names that lead through a symlink of the same layer are moved to
 * where the link points, inside the root.
 *
 * @throws {SlipwayError} `LAYER_BAD_PATH` too long a path, or one below a file. `LAYER_SYMLINK_LOOP`.
 */
export function normalizeLayer(items: Iterable<Entry | OpaqueMarker>): Entry[] {
  const entries = new Map<string, Exclude<Entry, { type: 'whiteout' }>>();
  const hidden = new Set<string>();
  const opaque = new Set<string>();
  for (const item of items) {
    if (item.path.length > maxPathLength) throw badPath(item.path, 'is longer than 4095 characters');
    if (item.type === 'whiteout') hidden.add(item.path);
    else if (item.type === 'opaque') opaque.add(item.path);
    else if (item.path !== '') {
      if (item.type !== 'dir' && entries.get(item.path)?.type === 'dir') removeBelow(entries, item.path);
      entries.set(item.path, item);
    }
  }
  throughSymlinks(entries);
  const parents = hidden.size === 0 ? undefined : parentsOf(entries);
  for (const path of hidden) {
    const entry = entries.get(path);
    if (entry === undefined && parents?.has(path) !== true) continue;
    hidden.delete(path);
    if (entry === undefined || entry.type === 'dir') opaque.add(path);
  }
  for (const path of opaque) {
    const entry = entries.get(path);
    if (entry === undefined || entry.type === 'dir') entries.set(path, { ...(entry ?? plainDir(path)), opaque: true });
  }
  const all: Entry[] = [...entries.values()].map((entry) => (entry.type === 'hardlink' ? flatten(entry, entries) : entry));
  for (const path of hidden) if (!isBelowAny(path, hidden, opaque)) all.push({ type: 'whiteout', path });
  return [...sortEntries(all)];
}

/** `entries` with each opaque directory written as single whiteouts of what `lower` shows there, as BuildKit's differ does. */
export function expandOpaque(entries: readonly Entry[], lower: Tree): Entry[] {
  const own = new Set(entries.map((entry) => entry.path));
  const expanded: Entry[] = [];
  for (const entry of entries) {
    if (entry.type !== 'dir' || entry.opaque !== true) {
      expanded.push(entry);
      continue;
    }
    const { opaque: _, ...plain } = entry;
    expanded.push(plain);
    const below = nodeAt(lower, entry.path);
    for (const [name] of below === undefined ? [] : childrenOf(below)) {
      const path = joinPath(entry.path, name);
      if (!own.has(path)) expanded.push({ type: 'whiteout', path });
    }
  }
  return [...sortEntries(expanded)];
}

const maxPathLength = 4095;
const maxLinks = 40;

type Entries = Map<string, Exclude<Entry, { type: 'whiteout' }>>;

function plainDir(path: string): DirEntry {
  return { type: 'dir', path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 };
}

function removeBelow(entries: Entries, path: string): void {
  for (const key of entries.keys()) if (key.startsWith(`${path}/`)) entries.delete(key);
}

/** Every directory that some entry is in, listed or not. */
function parentsOf(entries: Entries): Set<string> {
  const parents = new Set<string>();
  for (const path of entries.keys()) {
    for (let at = parentOf(path); at !== '' && !parents.has(at); at = parentOf(at)) parents.add(at);
  }
  return parents;
}

function isBelowAny(path: string, hidden: ReadonlySet<string>, opaque: ReadonlySet<string>): boolean {
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) if (hidden.has(at) || opaque.has(at)) return true;
  return opaque.has('');
}

/** Move every entry whose parents are symlinks of this layer to where they lead. */
function throughSymlinks(entries: Entries): void {
  const known = new Map<string, string>([['', '']]);
  const place = (dir: string, links: number): string => {
    const done = known.get(dir);
    if (done !== undefined) return done;
    if (links > maxLinks) throw new SlipwayError('LAYER_SYMLINK_LOOP', `too many symbolic links on the way to \`/${dir}\``);
    const at = joinPath(place(parentOf(dir), links), dir.slice(dir.lastIndexOf('/') + 1));
    const entry = entries.get(at);
    let result = at;
    if (entry?.type === 'symlink') {
      const target = entry.target.startsWith('/') ? entry.target : joinPath(parentOf(at), entry.target);
      result = place(clean(target), links + 1);
    } else if (entry !== undefined && entry.type !== 'dir') throw badPath(dir, 'is used as a directory but is none');
    known.set(dir, result);
    return result;
  };
  const asGiven = Array.from(entries);
  for (const [path, entry] of asGiven) {
    const parent = parentOf(path);
    const placed = place(parent, 0);
    if (placed === parent) continue;
    entries.delete(path);
    const at = joinPath(placed, path.slice(path.lastIndexOf('/') + 1));
    entries.set(at, { ...entry, path: at });
  }
}

/** A link to a link of the same layer names the file itself. */
function flatten(link: HardlinkEntry, entries: Entries): HardlinkEntry {
  let target = link.target;
  for (let hops = 0; hops < maxLinks; hops++) {
    const next = entries.get(target);
    if (next?.type !== 'hardlink') break;
    target = next.target;
  }
  return target === link.target ? link : { ...link, target };
}

function badPath(path: string, why: string): SlipwayError {
  return new SlipwayError('LAYER_BAD_PATH', `the layer is damaged: \`/${path.slice(0, 200)}\` ${why}`, {
    hint: 'pull or build the image again; if it stays so, the image itself is bad',
  });
}
