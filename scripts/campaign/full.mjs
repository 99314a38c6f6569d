// The disk of the store fills up at one point or another of a build: one clear error, and a store that is whole.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAndRead, expect, expectWhole, pick, writeContext } from './world.mjs';

export const about = 'a store on a disk that is too small, by sizes at random';
export const rounds = 100;

const resourceExitCode = 5;
const enoughKb = 65_536;

export async function run(world, { rounds: count, random, say }) {
  const context = join(world.folder, 'context');
  const root = join(world.folder, 'store');
  const mark = `campaign-${process.pid}`;
  mkdirSync(context);
  mkdirSync(root);
  writeContext(context, 'full', { mark, files: 200 });
  const wanted = await buildAndRead(world, join(world.folder, 'reference'), context);
  const neededKb = await usedKb(world, context, root);
  for (let round = 0; round < count; round++) {
    const sizeKb = Math.ceil((random() * 1.05 * neededKb) / 4) * 4 + 64;
    mount(root, sizeKb);
    try {
      const output = pick(random, [
        ['-t', 'app'],
        ['-o', `type=oci,dest=${join(world.folder, 'image.tar')}`],
      ]);
      const { code, said } = await world.run(root, ['build', '--progress=plain', ...output, context]);
      const [first = 'done', ...others] = [...said.matchAll(/^error\[(\w+)\]/gm)].map(([, each]) => each);
      const failed = /^#(\d+) ERROR/m.exec(said)?.[1];
      const step = failed === undefined ? '' : ` in ${new RegExp(`^#${failed} (\\[.*)`, 'm').exec(said)?.[1] ?? 'an export'}`;
      say(`${round} ${sizeKb} kB of ${neededKb}, ${output[0]}: ${code} ${first}${step}`);
      expect(others.length === 0, `it told several errors:\n${said}`);
      expect(code === 0 || code === resourceExitCode, `it ended with ${code}:\n${said}`);
      resize(root, enoughKb);
      const got = await buildAndRead(world, root, context, ['-t', 'app']);
      expect(got === wanted, 'the image is not the one that a build in a fresh store gives');
      await expectWhole(world, root, mark);
    } finally {
      spawnSync('umount', [root]);
    }
  }
}

/** What the store takes of a tmpfs when a build is done. */
async function usedKb(world, context, root) {
  mount(root, enoughKb);
  try {
    await world.ok(root, ['build', '-q', '-t', 'app', context]);
    const { stdout } = spawnSync('df', ['--output=used', '-k', root], { encoding: 'utf8' });
    return Number(stdout.trim().split('\n').at(-1));
  } finally {
    spawnSync('umount', [root]);
  }
}

function mount(root, sizeKb) {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'campaign', root], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot mount a tmpfs: ${stderr}`);
}

function resize(root, sizeKb) {
  spawnSync('mount', ['-o', `remount,size=${sizeKb}k`, root]);
}
