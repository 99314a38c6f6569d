// Commands die of SIGKILL at random instants; then a normal build gives the right image, and the store is whole.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAndRead, expect, expectWhole, pick, sleep, writeContext } from './world.mjs';

export const about = 'kill -9 at random instants of builds and of house-keeping';
export const rounds = 200;

export async function run(world, { rounds: count, random, say }) {
  const root = join(world.folder, 'store');
  const context = join(world.folder, 'context');
  mkdirSync(context);
  for (let round = 0; round < count; round++) {
    const word = `round-${round}`;
    const mark = `campaign-${process.pid}-${round}`;
    writeContext(context, word, { mark });
    if (random() < 0.3) await world.ok(root, ['prune', '-a', '-f']);
    const startedAt = performance.now();
    const wanted = await buildAndRead(world, join(world.folder, 'reference'), context);
    const usualMs = performance.now() - startedAt;
    // Some are in the store already, so that exports and no-op builds die, too.
    if (random() < 0.3) await world.ok(root, ['build', '-q', '-t', 'app', context]);
    const command = pick(random, [
      ['build', '-t', 'app', context],
      ['build', '-t', 'app', context],
      ['build', '-o', `type=oci,dest=${join(world.folder, 'killed.tar')}`, context],
      ['prune', '-a', '-f'],
      ['rm', 'app'],
    ]);
    const afterMs = random() * usualMs * (command[0] === 'build' ? 1 : 0.3);
    const toGroup = random() < 0.3;
    const running = world.start(root, command);
    await Promise.race([sleep(afterMs), running.ended]);
    running.kill('SIGKILL', toGroup);
    const { signal } = await running.ended;
    const got = await buildAndRead(world, root, context, ['-t', 'app']);
    say(
      `${round} ${command[0]} ${signal === null ? 'ended before' : 'killed at'} ${afterMs.toFixed(0)} ms${toGroup ? ', with its children' : ''}`,
    );
    expect(got === wanted, 'the image is not the one that a build in a fresh store gives');
    await expectWhole(world, root, mark);
  }
}
