import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from './support/needs.ts';
import { command, repository } from './support/slipway.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime', 'registry');

for (const [name, rounds] of [
  ['kill', 2],
  ['signals', 2],
  ['damage', 4],
  ['stress', 1],
  ['full', 2],
] as const) {
  kernel.test(`the campaign \`${name}\`, in short, finds nothing`, async () => {
    const result = await command(process.execPath, [
      join(repository, 'scripts/campaign/run.mjs'),
      name,
      `--rounds=${rounds}`,
      '--seed=1',
    ]);
    expect(result.stdout, result.all).toContain(`${name}: ${rounds} rounds, nothing found`);
    expect(result.code, result.all).toBe(0);
  });
}
