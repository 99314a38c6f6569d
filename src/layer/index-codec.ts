import { crc32 } from 'node:zlib';
import { SlipwayError } from '../base/index.ts';
import { ColumnReader, ColumnWriter } from './columns.ts';
import type { Content, Entry, LayerId, LayerIndex } from './entry.ts';

// Layout: magic, then columns over all entries (see columns.ts), then a JSON text of what is rare, then a CRC of all before.
const magic = Buffer.from('SLIX\u0001\0\0\0', 'latin1');
const types = ['file', 'dir', 'symlink', 'hardlink', 'char', 'block', 'fifo', 'whiteout'] as const;
const opaqueFlag = 16;

interface Rare {
  readonly id: LayerId;
  readonly layers: readonly LayerId[];
  readonly xattrs: readonly (readonly [number, Readonly<Record<string, string>>])[];
  readonly inline: readonly (readonly [number, string])[];
}

/** The bytes of an index, with a checksum. Equal indexes give equal bytes. */
export function encodeIndex(index: LayerIndex): Buffer {
  const { entries } = index;
  const writer = new ColumnWriter(entries.length);
  const meta = entries.map((entry) => (entry.type === 'hardlink' || entry.type === 'whiteout' ? undefined : entry));
  const files = entries.map((entry) => (entry.type === 'file' ? entry : undefined));
  const specials = entries.map((entry) => ('major' in entry ? entry : undefined));
  const grafts = files.map((file) => (file?.content?.kind === 'layer' ? file.content : undefined));
  const layers = [...new Set(grafts.flatMap((graft) => (graft === undefined ? [] : [graft.layer])))].sort();
  const layerNumbers = new Map(layers.map((layer, at) => [layer, at + 1]));
  writer.numbers(
    entries.map((entry) => types.indexOf(entry.type) + (entry.type === 'dir' && entry.opaque === true ? opaqueFlag : 0)),
  );
  writer.numbers(meta.map((entry) => entry?.mode ?? 0));
  writer.numbers(meta.map((entry) => entry?.uid ?? 0));
  writer.numbers(meta.map((entry) => entry?.gid ?? 0));
  writer.numbers(meta.map((entry) => entry?.mtimeSec ?? 0));
  writer.numbers(files.map((file) => file?.sizeBytes ?? 0));
  writer.numbers(files.map((file) => (file?.tarOffset ?? -1) + 1));
  writer.numbers(specials.map((entry) => entry?.major ?? 0));
  writer.numbers(specials.map((entry) => entry?.minor ?? 0));
  writer.numbers(grafts.map((graft) => (graft === undefined ? 0 : (layerNumbers.get(graft.layer) ?? 0))));
  writer.texts(entries.map((entry) => entry.path));
  writer.texts(entries.map((entry) => ('target' in entry ? entry.target : '')));
  writer.texts(grafts.map((graft) => graft?.path ?? ''));
  writer.digests(files.map((file) => file?.digest));
  const rare: Rare = {
    id: index.id,
    layers,
    xattrs: meta.flatMap((entry, at) => (entry?.xattrs === undefined ? [] : [[at, entry.xattrs] as const])),
    inline: files.flatMap((file, at) => (file?.content?.kind === 'inline' ? [[at, file.content.base64] as const] : [])),
  };
  writer.bytes(Buffer.from(JSON.stringify(rare)));
  const body = Buffer.concat([magic, ...writer.parts]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(body));
  return Buffer.concat([body, check]);
}

/** @throws {SlipwayError} `LAYER_BAD_INDEX` the bytes are not what `encodeIndex` gave. */
export function decodeIndex(bytes: Uint8Array): LayerIndex {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = buffer.subarray(0, -4);
  if (buffer.length < magic.length + 4 || !body.subarray(0, magic.length).equals(magic))
    throw badIndex('it is of another version');
  if (crc32(body) !== buffer.readUInt32LE(body.length)) throw badIndex('its checksum is wrong');
  try {
    return decodeBody(body.subarray(magic.length));
  } catch (cause) {
    throw badIndex('it cannot be read', cause);
  }
}

function decodeBody(body: Buffer): LayerIndex {
  const reader = new ColumnReader(body);
  const kinds = reader.numbers();
  const [modes, uids, gids, mtimes] = [reader.numbers(), reader.numbers(), reader.numbers(), reader.numbers()];
  const [sizes, offsets, majors, minors] = [reader.numbers(), reader.numbers(), reader.numbers(), reader.numbers()];
  const graftLayers = reader.numbers();
  const [paths, targets, graftPaths] = [reader.texts(), reader.texts(), reader.texts()];
  const digests = reader.digests();
  const rare = JSON.parse(reader.bytes().toString('utf8')) as Rare;
  const xattrs = new Map(rare.xattrs);
  const inline = new Map(rare.inline);
  const contentAt = (at: number): Content | undefined => {
    const layer = rare.layers[(graftLayers[at] ?? 0) - 1];
    if (layer !== undefined) return { kind: 'layer', layer, path: graftPaths[at] ?? '' };
    const base64 = inline.size === 0 ? undefined : inline.get(at);
    return base64 === undefined ? undefined : { kind: 'inline', base64 };
  };
  const entries: Entry[] = [];
  for (let at = 0; at < reader.count; at++) {
    const path = paths[at] ?? '';
    const kind = kinds[at] ?? 0;
    const type = types[kind & 15];
    const target = targets[at] ?? '';
    const mode = modes[at] ?? 0;
    const uid = uids[at] ?? 0;
    const gid = gids[at] ?? 0;
    const mtimeSec = mtimes[at] ?? 0;
    const attrs = xattrs.size === 0 ? undefined : xattrs.get(at);
    if (type === 'file') {
      const offset = offsets[at] ?? 0;
      const tarOffset = offset === 0 ? undefined : offset - 1;
      const content = contentAt(at);
      entries.push({
        type,
        path,
        mode,
        uid,
        gid,
        mtimeSec,
        xattrs: attrs,
        sizeBytes: sizes[at] ?? 0,
        digest: digests[at],
        content,
        tarOffset,
      });
    } else if (type === 'hardlink') entries.push({ type, path, target });
    else if (type === 'whiteout') entries.push({ type, path });
    else {
      const common = { path, mode, uid, gid, mtimeSec, xattrs: attrs };
      if (type === 'dir') entries.push(kind >= opaqueFlag ? { type, ...common, opaque: true } : { type, ...common });
      else if (type === 'symlink') entries.push({ type, ...common, target });
      else if (type !== undefined) entries.push({ type, ...common, major: majors[at] ?? 0, minor: minors[at] ?? 0 });
      else throw new RangeError(`no entry type ${kind}`);
    }
  }
  return { id: rare.id, entries };
}

function badIndex(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('LAYER_BAD_INDEX', `a layer index of the store is unusable: ${why}`, {
    class: 'internal',
    cause,
    hint: 'the index is made again from its layer; if this repeats, check the disk',
  });
}
