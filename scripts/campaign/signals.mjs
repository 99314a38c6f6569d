// Builds are asked to stop at random instants: nothing of them is left when they end, and the next build is right.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildAndRead, expect, expectNothingLeft, expectWhole, pick, sleep, writeContext } from './world.mjs';

export const about = 'Ctrl-C, SIGTERM and SIGHUP at random instants of builds';
export const rounds = 100;

const cancelledExitCode = 130;

export async function run(world, { rounds: count, random, say }) {
  const root = join(world.folder, 'store');
  const context = join(world.folder, 'context');
  const results = join(world.folder, 'results');
  mkdirSync(context);
  for (let round = 0; round < count; round++) {
    const word = `round-${round}`;
    const mark = `campaign-${process.pid}-${round}`;
    writeContext(context, word, { mark, pauseMs: 100 });
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results);
    if (random() < 0.3) await world.ok(root, ['prune', '-a', '-f']);
    const startedAt = performance.now();
    const wanted = await buildAndRead(world, join(world.folder, 'reference'), context);
    const usualMs = performance.now() - startedAt;
    const dest = join(results, 'image.tar');
    const output = pick(random, [
      ['-t', 'app'],
      ['-o', `type=oci,dest=${dest}`],
      ['-o', `type=tar,dest=${dest}`],
    ]);
    const [signal, toGroup] = pick(random, [
      ['SIGINT', true],
      ['SIGTERM', false],
      ['SIGHUP', true],
    ]);
    const afterMs = random() * usualMs;
    const running = world.start(root, ['build', '--progress=plain', ...output, context]);
    await Promise.race([sleep(afterMs), running.ended]);
    running.kill(signal, toGroup);
    const { code, signal: by, said } = await running.ended;
    say(`${round} ${output[1].replace(results, '')}: ${signal} at ${afterMs.toFixed(0)} ms, ended with ${code ?? by}`);
    // Before the command listens to signals, they end it as they end every process; nothing is made by then.
    expect(code === 0 || code === cancelledExitCode || by === signal, `it ended with ${code ?? by}:\n${said}`);
    if (existsSync(join(root, 'ingest'))) expectNothingLeft(root, mark);
    const left = readdirSync(results).filter((name) => name !== 'image.tar' && name !== 'id');
    expect(left.length === 0, `parts of results are left: ${left.join(', ')}`);
    expect(code === 0 || !existsSync(join(results, 'id')), 'it was cancelled, and there is an --iidfile');
    const got = await buildAndRead(world, root, context, ['-t', 'app']);
    expect(got === wanted, 'the image is not the one that a build in a fresh store gives');
    await expectWhole(world, root, mark);
  }
}
