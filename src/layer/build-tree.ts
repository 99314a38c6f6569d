import { SlipwayError } from '../base/index.ts';
import type { DirEntry, HardlinkEntry, LayerId, LayerIndex } from './entry.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { type DirNode, emptyTree, nodeAt, type Tree, type TreeNode } from './tree.ts';
import { TreeEditor } from './tree-editor.ts';

/**
 * What the layers show when stacked, first lowest.
 *
 * @throws {SlipwayError} `LAYER_BAD_HARDLINK`
 */
export function buildTree(layers: readonly LayerIndex[]): Tree {
  return layers.reduce(extendTree, emptyTree);
}

/**
 * `tree` with one more layer on top; shares with `tree` every directory the layer leaves alone.
 *
 * A parent the layer does not list is kept as the tree has it, or becomes 0755 root; where the tree has something else than a
 * directory there, a directory takes its place, as it does in an overlay. A root that the layer does not list keeps its owner,
 * but is 0755 again: so it is in the directory that BuildKit makes for each layer.
 *
 * @throws {SlipwayError} `LAYER_BAD_HARDLINK` a hard link names nothing, or no file.
 */
export function extendTree(tree: Tree, layer: LayerIndex): Tree {
  const editor = new TreeEditor(tree);
  if (tree.root.entry.mode !== rootMode) setRootMode(editor);
  const links: HardlinkEntry[] = [];
  let lastPath: string | undefined;
  let lastDir: DirNode | undefined;
  for (const entry of layer.entries) {
    if (entry.path === '') {
      if (entry.type === 'dir') placeRoot(editor, entry, layer.id);
      continue;
    }
    if (entry.type === 'hardlink') {
      links.push(entry);
      continue;
    }
    const parentPath = parentOf(entry.path);
    if (entry.type === 'whiteout' && nodeAt(editor.tree, entry.path) === undefined) continue;
    if (lastDir === undefined || parentPath !== lastPath) {
      lastDir = ensureDir(editor, parentPath, layer.id);
      lastPath = parentPath;
    }
    const name = baseOf(entry.path);
    if (entry.type === 'whiteout') {
      lastDir.children.delete(name);
    } else if (entry.type === 'dir') {
      placeDir(editor, lastDir, name, entry, layer.id);
    } else {
      lastDir.children.set(name, { entry, origin: layer.id, children: undefined });
    }
  }
  placeLinks(editor, links, layer.id);
  return editor.freeze();
}

const rootMode = 0o755;

function setRootMode(editor: TreeEditor): void {
  const root = editor.root();
  if (root.entry.type === 'dir') root.entry = { ...root.entry, mode: rootMode };
}

function placeRoot(editor: TreeEditor, entry: DirEntry, origin: LayerId): void {
  const root = editor.root();
  if (entry.opaque === true) root.children.clear();
  root.entry = plainDir(entry);
  root.origin = origin;
}

function placeDir(editor: TreeEditor, parent: DirNode, name: string, entry: DirEntry, origin: LayerId): void {
  const dir = entry.opaque === true ? undefined : editor.childDir(parent, name);
  const placed = dir ?? editor.addDir(parent, name, entry.path, origin);
  placed.entry = plainDir(entry);
  placed.origin = origin;
}

/** Being opaque is a thing of the layer, not of the directory that shows. */
function plainDir(entry: DirEntry): DirEntry {
  if (entry.opaque !== true) return entry;
  const { opaque: _, ...rest } = entry;
  return rest;
}

function ensureDir(editor: TreeEditor, path: string, origin: LayerId): DirNode {
  let dir = editor.root();
  let at = '';
  if (path === '') return dir;
  for (const name of path.split('/')) {
    at = joinPath(at, name);
    dir = editor.childDir(dir, name) ?? editor.addDir(dir, name, at, origin);
  }
  return dir;
}

/** After all else, because a link may stand before the file it names. */
function placeLinks(editor: TreeEditor, links: readonly HardlinkEntry[], origin: LayerId): void {
  if (links.length === 0) return;
  const pending = new Map(links.map((link) => [link.path, link]));
  const place = (link: HardlinkEntry): TreeNode => {
    pending.delete(link.path);
    const next = pending.get(link.target);
    const node = next === undefined ? nodeAt(editor.tree, link.target) : place(next);
    if (node === undefined || node.children !== undefined) {
      throw new SlipwayError(
        'LAYER_BAD_HARDLINK',
        `hard link \`/${link.path}\` names \`/${link.target}\`, which is not a file of this image`,
        {
          hint: 'the layer is damaged or was not made for this base: pull or build it again',
        },
      );
    }
    ensureDir(editor, parentOf(link.path), origin).children.set(baseOf(link.path), node);
    return node;
  };
  for (const link of links) if (pending.has(link.path)) place(link);
}
