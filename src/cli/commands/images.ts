import { formatBytes } from '../../base/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ImageSummary } from '../ports.ts';
import { formatTable, timeAgo } from '../table.ts';

const flags = {
  json: { kind: 'bool', about: 'a JSON list, for scripts' },
  quiet: { kind: 'bool', short: 'q', about: 'print image ids only' },
  digests: { kind: 'bool', about: "show the digests of the images' manifests" },
  'no-trunc': { kind: 'bool', about: 'show image ids in full' },
  all: { kind: 'bool', short: 'a', ignored: true },
} as const;

export const imagesCommand: Command = defineCommand({
  name: 'images',
  aliases: ['ls'],
  usage: '[OPTIONS] [NAME…]',
  about: 'List the images of the store',
  examples: [
    { line: 'slipway images', about: 'everything' },
    { line: 'slipway images app', about: 'the tags of one name' },
    { line: "slipway images --json | jq -r '.[].imageId'", about: 'for a script' },
  ],
  flags,
  run: runImages,
});

async function runImages({ flags: given, positionals, io, library, engine }: Call<typeof flags>): Promise<number> {
  const { listImages } = await library();
  const all = await listImages({ engine });
  const images =
    positionals.length === 0
      ? all
      : all.filter((image) => image.names.some((name) => positionals.some((wanted) => isNamed(name, wanted))));
  if (given.isOn('json')) io.stdout.write(`${JSON.stringify(images, undefined, 2)}\n`);
  else if (given.isOn('quiet'))
    io.stdout.write([...new Set(images.map((image) => `${idOf(image, given.isOn('no-trunc'))}\n`))].join(''));
  else {
    const style = { digests: given.isOn('digests'), whole: given.isOn('no-trunc'), wanted: positionals, nowMs: io.clock.nowMs() };
    io.stdout.write(imageTable(images, style));
  }
  return exitCodes.ok;
}

interface TableStyle {
  readonly digests: boolean;
  readonly whole: boolean;
  /** Names to show; empty for all. */
  readonly wanted: readonly string[];
  readonly nowMs: number;
}

/** One row for each name of each image. */
function imageTable(images: readonly ImageSummary[], style: TableStyle): string {
  const digest = (text: string): readonly string[] => (style.digests ? [text] : []);
  const rows = images.flatMap((image) => {
    const names = image.names.filter((name) => style.wanted.length === 0 || style.wanted.some((wanted) => isNamed(name, wanted)));
    return (names.length === 0 ? [undefined] : names).map((name) => {
      const { repository, tag } = splitName(name);
      const created = timeAgo(image.createdAt, style.nowMs);
      return [repository, tag, ...digest(image.manifestDigest), idOf(image, style.whole), created, formatBytes(image.sizeBytes)];
    });
  });
  return formatTable([['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE'], ...rows]);
}

function idOf(image: ImageSummary, whole: boolean): string {
  return whole ? image.imageId : image.imageId.replace(/^sha256:/, '').slice(0, 12);
}

/** `app` asks for every tag of it, `app:1` for one. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || splitName(name).repository === wanted;
}

function splitName(name: string | undefined): { readonly repository: string; readonly tag: string } {
  if (name === undefined) return { repository: '<none>', tag: '<none>' };
  const bare = name.split('@')[0] ?? name;
  const colon = bare.lastIndexOf(':');
  if (colon <= bare.lastIndexOf('/')) return { repository: bare, tag: '<none>' };
  return { repository: bare.slice(0, colon), tag: bare.slice(colon + 1) };
}
