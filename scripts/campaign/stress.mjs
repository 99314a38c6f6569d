// Many processes work in one store at once: builds, pruning, removal, looking it over.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, expectNothingLeft, expectWhole, fingerprint, buildAndRead, pick, writeContext } from './world.mjs';

export const about = '8 processes at once in one store: builds, prune, rm, du --verify';
export const rounds = 20;

const processes = 8;
const variants = 4;

export async function run(world, { rounds: count, random, say }) {
  const root = join(world.folder, 'store');
  const mark = `campaign-${process.pid}`;
  const contexts = [];
  for (let variant = 0; variant < variants; variant++) {
    const context = join(world.folder, `context-${variant}`);
    mkdirSync(context);
    writeContext(context, `variant-${variant}`, { mark });
    contexts.push({
      context,
      name: `app${variant}`,
      wanted: await buildAndRead(world, join(world.folder, 'reference'), context),
    });
  }
  await world.ok(root, ['build', '-q', '-t', 'app0', contexts[0].context]);
  const work = async (worker, round) => {
    const out = join(world.folder, `out-${worker}`);
    const { context, name, wanted } = pick(random, contexts);
    const build = async () => {
      rmSync(out, { recursive: true, force: true });
      await world.ok(root, [
        'build',
        '--progress=plain',
        '-t',
        name,
        '-o',
        `type=local,dest=${out}`,
        '-o',
        'type=image',
        context,
      ]);
      expect(fingerprint(out) === wanted, `${name} is not the image that a build in a fresh store gives`);
    };
    const job = pick(random, [
      ['build', build],
      ['build', build],
      ['build', build],
      ['prune', () => world.ok(root, ['prune', '-a', '-f'])],
      ['prune --keep-storage', () => world.ok(root, ['prune', '-f', '--keep-storage', '1MB'])],
      ['verify', () => world.ok(root, ['du', '--verify'])],
      ['du', () => world.ok(root, ['du'])],
      // Another one may have removed it before.
      ['rm', () => world.run(root, ['rm', name])],
    ]);
    await job[1]();
    say(`${round} process ${worker}: ${job[0]} ${name}`);
  };
  let failure;
  const lane = async (worker) => {
    for (let round = 0; round < count && failure === undefined; round++) {
      try {
        await work(worker, round);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: processes }, (_, worker) => lane(worker)));
  if (failure !== undefined) throw failure;
  await expectWhole(world, root, mark);
  await world.ok(root, ['rm', '-f', ...contexts.map(({ name }) => name)]).catch(() => undefined);
  expectNothingLeft(root, mark);
}
