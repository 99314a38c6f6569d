import { type Descriptor, type HistoryEntry, type ImageConfig, printImageConfig } from '../../oci/index.ts';
import { type ArchiveFiles, badArchive } from '../archive-files.ts';
import { type ImageDocuments, type LayerMember, readDocuments, readLayer } from './read-image.ts';

/** One thing that two images have different. */
export interface ImageDifference {
  /** The Dockerfile step that made the layer, as the image's history tells it; absent for what is in the config alone. */
  readonly step?: string;
  /** Of a file in the image; for the config, the member: `config.Env`. */
  readonly path: string;
  readonly what:
    | 'missing'
    | 'type'
    | 'mode'
    | 'owner'
    | 'mtime'
    | 'size'
    | 'content'
    | 'link'
    | 'device'
    | 'xattrs'
    | 'order'
    | 'config';
  /** What the first image has, and what the second one has, in words. */
  readonly first: string;
  readonly second: string;
  readonly hint?: string;
}

/** An image in a layout. */
export interface ImageAt {
  readonly files: ArchiveFiles;
  readonly descriptor: Descriptor;
}

/** Everything in which two images differ, file by file, in the order of their layers. Layers with equal diff IDs are not opened. */
export async function compareImages(one: ImageAt, two: ImageAt, signal: AbortSignal): Promise<readonly ImageDifference[]> {
  const [first, second] = [documentsOf(one), documentsOf(two)];
  const layers = await compareLayers(one, two, signal);
  return [...layers, ...compareConfigs(first.config, second.config)];
}

/** The files in which two images differ, in the order of their layers. */
export async function compareLayers(one: ImageAt, two: ImageAt, signal: AbortSignal): Promise<readonly ImageDifference[]> {
  const [first, second] = [documentsOf(one), documentsOf(two)];
  const found: ImageDifference[] = [];
  const count = Math.max(first.manifest.layers.length, second.manifest.layers.length);
  for (let index = 0; index < count; index++) {
    const [a, b] = [first.manifest.layers[index], second.manifest.layers[index]];
    if (first.config.diffIds[index] === second.config.diffIds[index]) continue;
    const step = stepOf(a === undefined ? second.config : first.config, index);
    if (a === undefined || b === undefined) {
      const [has, hasNot] = ['a layer more', 'no such layer'];
      found.push({ step, path: '/', what: 'missing', first: a ? has : hasNot, second: b ? has : hasNot });
      continue;
    }
    const layers = [await readLayer(one.files, a.digest, signal), await readLayer(two.files, b.digest, signal)] as const;
    found.push(...compareMembers(layers[0].members, layers[1].members).map((difference) => ({ step, ...difference })));
  }
  return found;
}

function documentsOf({ files, descriptor }: ImageAt): ImageDocuments {
  const documents = readDocuments(files, descriptor);
  if (documents === undefined) throw badArchive('it has no image');
  return documents;
}

function stepOf({ history }: ImageConfig, layer: number): string {
  const made = history.filter((entry: HistoryEntry) => entry.empty_layer !== true)[layer];
  return (made?.created_by ?? `layer ${layer + 1}`)
    .replace(/ # buildkit$/, '')
    .replace(/^RUN (?:\|\d+ .*? )?\/bin\/sh -c /s, 'RUN ');
}

type FileDifference = Omit<ImageDifference, 'step'>;

function compareMembers(one: readonly LayerMember[], two: readonly LayerMember[]): readonly FileDifference[] {
  const second = new Map(two.map((member) => [member.name, member]));
  const first = new Set(one.map(({ name }) => name));
  const found: FileDifference[] = [];
  for (const member of one) {
    const other = second.get(member.name);
    found.push(...(other === undefined ? [missing(member, 'there', 'not there')] : compareMember(member, other)));
  }
  for (const member of two) if (!first.has(member.name)) found.push(missing(member, 'not there', 'there'));
  if (found.length > 0) return found;
  const at = one.findIndex(({ name }, index) => two[index]?.name !== name);
  return at < 0
    ? []
    : [
        {
          path: pathOf(one[at]),
          what: 'order',
          first: `entry ${at + 1}`,
          second: `entry ${two.findIndex(({ name }) => name === one[at]?.name) + 1}`,
        },
      ];
}

function missing(member: LayerMember, first: string, second: string): FileDifference {
  const hint = 'the step names files by time or chance, or leaves its temporary files behind';
  return { path: pathOf(member), what: 'missing', first, second, hint };
}

const hints: Readonly<Partial<Record<ImageDifference['what'], string>>> = {
  mtime: 'use `--reproducible`, which gives files the time of the sources',
  content: 'something writes the time, chance, or the order of a directory into this file',
  size: 'something writes the time, chance, or the order of a directory into this file',
  mode: 'set the mode in the step: `chmod`, or `COPY --chmod`',
  owner: 'set the owner in the step: `chown`, or `COPY --chown`',
};

/** The first thing that differs says most of it: what has another type has everything else different too. */
function compareMember(one: LayerMember, two: LayerMember): readonly FileDifference[] {
  const facts: readonly (readonly [ImageDifference['what'], (member: LayerMember) => string])[] = [
    ['type', ({ type }) => type],
    ['link', ({ linkName }) => linkName],
    ['device', ({ major, minor }) => `${major},${minor}`],
    ['size', ({ sizeBytes }) => `${sizeBytes} bytes`],
    ['content', ({ content = '' }) => content],
    ['mode', ({ mode }) => mode.toString(8).padStart(4, '0')],
    ['owner', ({ uid, gid }) => `${uid}:${gid}`],
    ['xattrs', ({ xattrs = {} }) => JSON.stringify(xattrs)],
    ['mtime', ({ mtimeSec }) => new Date(mtimeSec * 1000).toISOString().replace('.000Z', 'Z')],
  ];
  const differs = facts.filter(([, of]) => of(one) !== of(two));
  const isReplaced = differs[0]?.[0] === 'type';
  return differs
    .filter(([what], index) => !(isReplaced && index > 0) && !(what === 'content' && differs.some(([other]) => other === 'size')))
    .map(([what, of]) => ({ path: pathOf(one), what, first: of(one), second: of(two), ...hintOf(what) }));
}

function hintOf(what: ImageDifference['what']): { readonly hint?: string } {
  const hint = hints[what];
  return hint === undefined ? {} : { hint };
}

function pathOf(member: LayerMember | undefined): string {
  return `/${(member?.name ?? '').replace(/^\.?\//, '').replace(/\/$/, '')}`;
}

type Json = Readonly<Record<string, unknown>>;

/** Members of the configs that differ; diff IDs follow from the layers. */
function compareConfigs(one: ImageConfig, two: ImageConfig): readonly ImageDifference[] {
  const [first, second] = [one, two].map((config) =>
    flat(JSON.parse(new TextDecoder().decode(printImageConfig(config))) as Json),
  );
  const names = [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])];
  const hint = { hint: 'use `--reproducible`, which gives the image the time of the sources' };
  return names.flatMap((path): ImageDifference[] => {
    const [a, b] = [first?.get(path) ?? 'nothing', second?.get(path) ?? 'nothing'];
    if (a === b || path.startsWith('rootfs.')) return [];
    return [{ path, what: 'config', first: a, second: b, ...(/(?:^|\.)created$/.test(path) ? hint : {}) }];
  });
}

function flat(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  const inside = Object.entries(value).flatMap(([key, each]) => [...flat(each, path === '' ? key : `${path}.${key}`)]);
  return new Map(inside);
}
