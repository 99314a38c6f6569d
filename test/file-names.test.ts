import { linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostPath } from '../src/base/index.ts';
import { decodeIndex, encodeIndex, type Entry, type LayerId, walkTree } from '../src/layer/index.ts';
import { walkUpper, writeDirectory } from '../src/rootfs/index.ts';
import { openLocalContext, readLayerTar } from '../src/source/index.ts';
import { scratchStore } from '../src/store/scratch-store.ts';
import { TarWriter } from '../src/tar/index.ts';

const { signal } = new AbortController();
const id = 'live' as LayerId;

const fileName = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => Buffer.from(bytes))
  .filter((name) => !name.includes(0) && !name.includes('/') && !/^\.{1,2}$|^\.wh\./.test(name.toString('latin1')));

const at = (directory: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${directory}/`), name]);

/** In a directory of each name: a file, a link and a hard link of that name. */
function fill(context: string, names: readonly Buffer[]): void {
  for (const name of names) {
    const folder = at(context, name);
    mkdirSync(folder);
    const inside = Buffer.concat([folder, Buffer.from('/'), name]);
    writeFileSync(inside, '');
    symlinkSync(name, Buffer.concat([folder, Buffer.from('/link')]));
    linkSync(inside, Buffer.concat([folder, Buffer.from('/other')]));
  }
}

function tarOf(entries: readonly Entry[]): Buffer {
  const chunks: Buffer[] = [];
  const tar = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)) });
  for (const entry of entries) tar.writeHeader(entry);
  tar.finish();
  return Buffer.concat(chunks);
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const hex = (names: readonly Buffer[]): string[] => names.map((name) => name.toString('hex')).toSorted();

describe.runIf(process.platform === 'linux')('names', () => {
  test('are the same bytes in a context, a tar, an index and a directory, whatever they are', async () => {
    using scratch = scratchStore();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fileName, { maxLength: 6, selector: (name) => name.toString('hex') }), async (names) => {
        round += 1;
        const context = hostPath(join(scratch.folder, `context-${round}`));
        const copy = hostPath(join(scratch.folder, `copy-${round}`));
        for (const directory of [context, copy]) mkdirSync(directory);
        fill(context, names);
        const { tree } = openLocalContext({ store: scratch.store, directory: context, origin: id, ignore: undefined, signal });
        const seen = walkUpper(context, { lowers: [] });
        expect([...walkTree(tree.root)].map(({ path }) => path)).toEqual(seen.map(({ path }) => path));
        const read = await readLayerTar(once(tarOf(seen)), 'none', { signal });
        const { entries } = decodeIndex(encodeIndex({ id, entries: read }));
        writeDirectory(entries, copy, { openFile: () => ({ kind: 'bytes', bytes: new Uint8Array() }) });
        expect(walkUpper(copy, { lowers: [] })).toEqual(seen);
        expect(hex(readdirSync(copy, 'buffer'))).toEqual(hex(names));
        for (const name of names) {
          expect(hex(readdirSync(at(copy, name), 'buffer'))).toContain(name.toString('hex'));
          expect(readlinkSync(Buffer.concat([at(copy, name), Buffer.from('/link')]), 'buffer').equals(name)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });
});
