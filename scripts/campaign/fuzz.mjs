// Damaged inputs for everything that reads what others wrote: only a SlipwayError comes out, and in bounded time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const folder = join(import.meta.dirname, '../../test/fuzz');
/** Of the processor, for one input of at most 200 kB. */
const maxSeconds = 10;

const { values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const end = Date.now() + Number(values.seconds) * 1000;
let seed = Number(values.seed ?? Date.now() % 2 ** 31);
console.log(`fuzz: damaged inputs for every reader; ${values.seconds} seconds, --seed ${seed}`);
const { fuzzTargets, tryOne } = await load();
const chosen = fuzzTargets.filter(({ name }) => values.only === undefined || values.only === name);
let count = 0;
let found = 0;
do {
  for (const target of chosen) {
    const before = process.cpuUsage();
    const wrong = await tryOne(target, seed);
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    count += 1;
    if (wrong === undefined && seconds < maxSeconds) continue;
    found += 1;
    const what = wrong instanceof Error ? wrong.stack : (wrong ?? `it took ${seconds.toFixed(1)} seconds`);
    console.error(`fuzz: FOUND with --seed ${seed} --only "${target.name}":\n${what}`);
  }
  seed += 1;
} while (Date.now() < end);
console.log(`fuzz: ${count} inputs up to --seed ${seed - 1}, ${found === 0 ? 'nothing' : found} found`);
process.exitCode = found === 0 ? 0 : 1;

/** The readers as they stand in `src/`, which is not published file by file. */
async function load() {
  const made = mkdtempSync(join(tmpdir(), 'slipway-fuzz-'));
  try {
    const contents = "export { fuzzTargets } from './targets.ts'; export { tryOne } from './fuzz.ts';";
    const outfile = join(made, 'fuzz.mjs');
    const stdin = { contents, resolveDir: folder, loader: 'ts' };
    await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
    return await import(outfile);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
