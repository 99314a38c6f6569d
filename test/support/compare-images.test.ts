import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { compareImages } from './compare-images.ts';
import { type Image, openImage } from './oci-image.ts';

const scratch = mkdtempSync(join(tmpdir(), 'compare-images-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Recipe {
  readonly config?: Record<string, unknown>;
  readonly history?: readonly string[];
  /** Shell run in an empty folder for each layer. */
  readonly layers?: readonly string[];
  readonly compressed?: boolean;
}

let count = 0;
/** An OCI layout made with GNU tar. */
function image(recipe: Recipe): string {
  const folder = join(scratch, String(count++));
  const layout = join(folder, 'layout');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const put = (data: Uint8Array): { digest: string; size: number } => {
    const hex = createHash('sha256').update(data).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hex), data);
    return { digest: `sha256:${hex}`, size: data.length };
  };
  const diffIds: string[] = [];
  const layers = (recipe.layers ?? []).map((shell, at) => {
    const root = join(folder, `root${at}`);
    mkdirSync(root);
    execFileSync('sh', ['-ec', shell], { cwd: root });
    const tar = execFileSync('tar', ['-C', root, '--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '.'], {
      maxBuffer: 2 ** 28,
    });
    diffIds.push(`sha256:${createHash('sha256').update(tar).digest('hex')}`);
    const gzip = recipe.compressed ?? false;
    return { mediaType: `application/vnd.oci.image.layer.v1.tar${gzip ? '+gzip' : ''}`, ...put(gzip ? gzipSync(tar) : tar) };
  });
  const config = put(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        created: new Date(count * 1000).toISOString(),
        config: recipe.config ?? {},
        rootfs: { type: 'layers', diff_ids: diffIds },
        history: (recipe.history ?? []).map((created_by) => ({ created_by })),
      }),
    ),
  );
  const manifest = put(
    Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers }),
    ),
  );
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest }] };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  return layout;
}

const open = (recipe: Recipe): Image => openImage(image(recipe));
const base: Recipe = { layers: ['echo a >a; mkdir d; echo b >d/b; ln -s a s'], config: { Env: ['A=1'] }, history: ['one'] };

test('compareImages() sees no difference in times and compression', () => {
  expect(compareImages(open(base), open({ ...base, compressed: true }))).toEqual([]);
});

const differences: readonly (readonly [string, Recipe, RegExp])[] = [
  ['content', { ...base, layers: ['echo X >a; mkdir d; echo b >d/b; ln -s a s'] }, /^\/a: content: /],
  ['mode', { ...base, layers: ['echo a >a; mkdir d; echo b >d/b; ln -s a s; chmod 600 a'] }, /^\/a: mode: "0644" and "0600"$/],
  ['a missing file', { ...base, layers: ['echo a >a; mkdir d; ln -s a s'] }, /^\/d\/b: only in the first \(file\)$/],
  ['a link target', { ...base, layers: ['echo a >a; mkdir d; echo b >d/b; ln -s d s'] }, /^\/s: content: "a" and "d"$/],
  ['a hard link', { ...base, layers: ['echo a >a; mkdir d; echo b >d/b; ln -s a s; ln a z'] }, /^\/a: sameAs: "" and "a"$/],
  ['the config', { ...base, config: { Env: ['A=2'] } }, /^config\.config\.Env: /],
  ['the history', { ...base, history: ['two'] }, /^history\[0\]: "one" and "two"$/],
  ['the number of layers', { ...base, layers: [...(base.layers ?? []), 'true'] }, /^number of layers: 1 and 2$/],
];
test.for(differences)('compareImages() reports %s', ([, other, message]) => {
  expect(compareImages(open(base), open(other))).toContainEqual(expect.stringMatching(message));
});

test('compareImages() compares what whiteouts leave', () => {
  const deleted = open({
    layers: ['echo a >a; mkdir d; echo b >d/b', 'touch .wh.a; mkdir d; touch d/.wh..wh..opq; echo c >d/c'],
  });
  const never = open({ layers: ['mkdir d; echo c >d/c', 'true'] });
  expect(compareImages(deleted, never)).toEqual([]);
});

test('compareImages() finds hard links equal in whatever order', () => {
  const one = open({ layers: ['echo a >a; ln a b'] });
  const other = open({ layers: ['echo a >b; ln b a'] });
  expect(compareImages(one, other)).toEqual([]);
});

test('openImage() refuses a layer whose bytes were changed', () => {
  const path = image(base);
  const { manifest } = openImage(path);
  writeFileSync(
    join(path, 'blobs', manifest.layers[0]?.digest.replace(':', '/') ?? ''),
    Buffer.alloc(manifest.layers[0]?.size ?? 0),
  );
  expect(() => openImage(path).tree()).toThrow('other bytes than its name says');
});

test('openImage() reads a tar as it reads a directory', () => {
  const path = image(base);
  execFileSync('tar', ['-C', path, '-cf', `${path}.tar`, '.']);
  expect(compareImages(openImage(path), openImage(`${path}.tar`))).toEqual([]);
});
