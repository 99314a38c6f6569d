// Files of the store are damaged behind its back: that is noticed, and no build ever gives a wrong image.
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAndRead, expect, expectWhole, Found, pick, writeContext } from './world.mjs';

export const about = 'bit flips, truncation and removal of blobs, records and indexes';
export const rounds = 200;

/** Folders of the store whose files carry a checksum or are named by one. */
const guarded = ['blobs', 'index', 'records', 'stat'];

export async function run(world, { rounds: count, random, say }) {
  const context = join(world.folder, 'context');
  mkdirSync(context);
  writeContext(context, 'damage', { mark: `campaign-${process.pid}` });
  const good = join(world.folder, 'good');
  const wanted = await buildAndRead(world, good, context, ['-t', 'app']);
  const root = join(world.folder, 'store');
  for (let round = 0; round < count; round++) {
    rmSync(root, { recursive: true, force: true });
    execFileSync('cp', ['-a', good, root]);
    const path = pick(random, filesBelow(root, pick(random, guarded)));
    const how = pick(random, ['flip', 'flip', 'truncate', 'empty', 'remove']);
    const at = damage(path, how, random);
    const isChanged = pick(random, [true, false]);
    const what = `${round} ${how}${at} ${path.slice(root.length + 1)}, ${isChanged ? 'then a change' : 'nothing else changed'}`;
    writeContext(context, 'damage', { mark: `campaign-${process.pid}${isChanged ? ' ' : ''}` });
    const tries = [];
    for (let tried = 0; tried < 2 && tries.at(-1) !== 'right'; tried++) tries.push(await tryBuild(world, root, context, wanted));
    say(`${what}: ${tries.join(', ')}`);
    expect(!tries.includes('wrong'), 'the image is wrong');
    expect(tries.at(-1) === 'right', 'the second build does not give the image either');
  }
  await expectWhole(world, good, `campaign-${process.pid}`);
}

/** `right`, `wrong`, or the code of the one error that it told. */
async function tryBuild(world, root, context, wanted) {
  try {
    return (await buildAndRead(world, root, context, ['-t', 'app'])) === wanted ? 'right' : 'wrong';
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const codes = [...error.message.matchAll(/^error\[(\w+)\]/gm)].map(([, code]) => code);
    if (codes.length !== 1) throw error;
    return codes[0];
  }
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(root, folder, name))
    .filter((path) => lstatSync(path).isFile());
}

function damage(path, how, random) {
  const { size } = lstatSync(path);
  const at = Math.floor(random() * size);
  switch (how) {
    case 'flip': {
      const bytes = readFileSync(path);
      bytes[at] ^= 1 << Math.floor(random() * 8);
      writeFileSync(path, bytes);
      return ` byte ${at} of ${size} of`;
    }
    case 'truncate':
      truncateSync(path, at);
      return ` to ${at} of ${size}`;
    case 'empty':
      truncateSync(path, 0);
      return '';
    case 'remove':
      rmSync(path);
      return '';
  }
}
