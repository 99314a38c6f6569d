// Long tries to break what must not break. `npm run campaign -- NAME [--rounds N] [--seed N]`; see README.md.
import { parseArgs } from 'node:util';
import { Found, openWorld, randomNumbers } from './world.mjs';

if (process.argv[2] === 'fuzz') {
  // It needs neither a store nor a registry.
  await import('./fuzz.mjs');
  process.exit();
}
const names = ['kill', 'signals', 'damage', 'stress', 'full'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, seed: { type: 'string' } },
});
const [name] = positionals;
if (!names.includes(name)) {
  console.error(`campaign: name one of ${names.join(', ')}, fuzz`);
  process.exit(2);
}
const campaign = await import(`./${name}.mjs`);
const rounds = Number(values.rounds ?? campaign.rounds);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
console.log(`${name}: ${campaign.about}; ${rounds} rounds, --seed ${seed}`);
const world = await openWorld();
let last = '';
try {
  await campaign.run(world, {
    rounds,
    random: randomNumbers(seed),
    say(line) {
      last = line;
      console.log(line);
    },
  });
  console.log(`${name}: ${rounds} rounds, nothing found`);
} catch (error) {
  if (!(error instanceof Found)) throw error;
  console.error(`${name}: FOUND after \`${last}\`, with --seed ${seed}:\n${error.message}`);
  process.exitCode = 1;
} finally {
  await world.close();
}
