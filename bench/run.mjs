// Slipway against other builders, on the same inputs, by turns, in one run. See README.md.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRegistry } from './registry.mjs';
import { builders } from './builders.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    peers: { type: 'string', default: process.env.SLIPWAY_PEERS ?? '' },
    json: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
const runs = Number(values.runs);
const scale = Number(values.scale);
const chosen = scenarios.filter((scenario) => values.only === undefined || values.only.includes(scenario.name));
if (chosen.length === 0 || !(runs >= 1) || !(scale > 0)) {
  console.error(`bench: --runs and --scale are numbers, --only one of ${scenarios.map((scenario) => scenario.name).join(', ')}`);
  process.exit(2);
}

/** In every input: no builder has seen it, whatever it keeps from runs before. */
const run = Math.floor(Date.now() / 1000) % 2 ** 31;

const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'slipway-bench-'));
mkdirSync(folder, { recursive: true });
const registry = await startRegistry();
try {
  const competitors = builders({ folder, peers: values.peers, registry: registry.host });
  const results = [];
  for (const scenario of chosen) results.push(await measure(scenario, competitors));
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else print(results, competitors);
} finally {
  await registry.stop();
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

/** Medians in milliseconds, by builder. Each round, every builder gets the same input, one after the other. */
async function measure(scenario, competitors) {
  const context = join(folder, scenario.name);
  if (!existsSync(context)) {
    mkdirSync(context);
    scenario.generate(context, scale);
  }
  const times = new Map(competitors.map((builder) => [builder.name, []]));
  for (let round = 0; round <= runs; round++) {
    scenario.change?.(context, { round, run, scale });
    for (const builder of competitors) {
      if (builder.lacks?.includes(scenario.build.output)) continue;
      const dest = join(folder, `${builder.name}.out`);
      rmSync(dest, { recursive: true, force: true });
      const ms = await time(builder.command({ context, dest, round: `${run}-${round}`, ...scenario.build }));
      // The first round fills caches: base images, and what a scenario counts as done already.
      if (round > 0) times.get(builder.name).push(ms);
      process.stderr.write(
        `${scenario.name} ${round === 0 ? 'warm-up' : `${round}/${runs}`} ${builder.name} ${ms.toFixed(0)} ms\n`,
      );
    }
  }
  return {
    name: scenario.name,
    about: scenario.about,
    budget: scenario.budget,
    medians: Object.fromEntries([...times].filter(([, all]) => all.length > 0).map(([name, all]) => [name, median(all)])),
  };
}

/** Run to the end; milliseconds. What it says is only shown when it fails. */
function time({ program, args, env = {} }) {
  return new Promise((resolve, reject) => {
    const startedAt = process.hrtime.bigint();
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    child.stdout.on('data', (data) => said.push(data));
    child.stderr.on('data', (data) => said.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
      if (code === 0) resolve(ms);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${Buffer.concat(said)}`));
    });
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function print(results, competitors) {
  const names = competitors.map((builder) => builder.name);
  const rows = [['scenario', ...names, 'fastest peer / slipway', 'budget']];
  for (const { name, medians, budget } of results) {
    const peers = names.filter((each) => each !== 'slipway').flatMap((each) => medians[each] ?? []);
    const ratio = peers.length === 0 ? '-' : `${(Math.min(...peers) / medians.slipway).toFixed(2)} x`;
    rows.push([
      name,
      ...names.map((each) => (medians[each] === undefined ? '-' : `${medians[each].toFixed(0)} ms`)),
      ratio,
      `${budget} x`,
    ]);
  }
  const bare = [];
  for (let n = 0; n < 9; n++) {
    const startedAt = process.hrtime.bigint();
    spawnSync(process.execPath, ['-e', '0']);
    bare.push(Number(process.hrtime.bigint() - startedAt) / 1e6);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '));
  console.log(
    `\nmedians of ${runs} runs${scale === 1 ? '' : ` at ${scale} of the size`}; bare \`node -e 0\`: ${median(bare).toFixed(0)} ms`,
  );
  for (const { name, about } of results) console.log(`${name}: ${about}`);
}
