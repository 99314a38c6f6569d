import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { RegistryServer } from './support/docker-registry.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';
import { Slipway } from './support/slipway.ts';
import { mirrored, standinRegistry } from './support/standins.ts';
import { hostPath } from '../../src/base/index.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime', 'registry');
const scratch = mkdtempSync(join(tmpdir(), 'slipway-prune-'));

let registry: Promise<RegistryServer> | undefined;
afterAll(async () => {
  await (await registry?.catch(() => undefined))?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

let stores = 0;
async function freshStore(): Promise<Slipway> {
  registry ??= standinRegistry();
  return new Slipway(join(scratch, `store-${stores++}`), mirrored(await registry));
}

/** A multi-stage build whose image has the same bytes whenever it is built. */
function context(): string {
  const folder = mkdtempSync(join(scratch, 'context-'));
  mkdirSync(join(folder, 'src'));
  for (let at = 0; at < 50; at++) writeFileSync(join(folder, 'src', `f${at}`), `file ${at}\n`);
  write(folder, 'one');
  return folder;
}

function write(folder: string, word: string): void {
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM alpine AS build
COPY src /src
RUN --mount=type=cache,target=/cache echo ${word} >> /cache/log; cat /src/* > /all && touch -d @0 /all
RUN echo ${word} > /word && touch -d @0 /word
FROM alpine
COPY --from=build /all /word /
RUN cat /all /word > /both && touch -d @0 /both
`,
  );
}

async function expectWhole(cli: Slipway): Promise<void> {
  const result = await cli.call(['du', '--verify']);
  expect(result.stdout, result.all).toBe('');
  expect(result.code, result.all).toBe(0);
  expect(mountsBelow(hostPath(cli.root))).toEqual([]);
}

async function filesOf(cli: Slipway, image: string): Promise<string> {
  const result = await cli.call(['run', image, 'sh', '-c', 'md5sum /all /word /both']);
  expect(result.code, result.all).toBe(0);
  return result.stdout;
}

kernel.test('SEM-25 after `prune --all` the same build gives the same image, and the store is whole', async () => {
  const cli = await freshStore();
  const folder = context();
  await cli.built(['-t', 'app', folder]);
  const files = await filesOf(cli, 'app');
  await expectWhole(cli);
  const some = await cli.call(['prune', '-f']);
  expect(some.stdout).toMatch(/^Total: +[\d.]+[kM]?B$/m);
  expect((await cli.built(['-t', 'app', folder])).ran.filter((name) => !name.startsWith('[internal]'))).toEqual([]);
  expect(await filesOf(cli, 'app')).toBe(files);
  await cli.call(['prune', '-a', '-f']);
  await expectWhole(cli);
  expect(await filesOf(cli, 'app')).toBe(files);
  await cli.call(['rm', 'app']);
  await cli.call(['prune', '-a', '-f']);
  await expectWhole(cli);
  const usage = JSON.parse((await cli.call(['du', '--json'])).stdout) as { records: { kind: string }[] };
  expect(usage.records.map(({ kind }) => kind)).toEqual(['bookkeeping']);
  expect((await cli.built(['-t', 'app', folder])).cached).toEqual([]);
  expect(await filesOf(cli, 'app')).toBe(files);
  await expectWhole(cli);
});

kernel.test('SEM-26 builds go on while others prune: every image is right, the store stays whole', async () => {
  const cli = await freshStore();
  const folders = [context(), context()];
  const words = ['one', 'two', 'three'];
  let isBuilding = true;
  const building = (async () => {
    try {
      for (const word of words) {
        for (const folder of folders) write(folder, word);
        const runs = await Promise.all(folders.map((folder, at) => cli.build(['-t', `app${at}`, folder])));
        for (const run of runs) expect(run.code, run.all).toBe(0);
        for (const at of folders.keys()) {
          const shown = await cli.call(['run', `app${at}`, 'tail', '-n', '1', '/both']);
          expect(shown.stdout, shown.all).toBe(`${word}\n`);
        }
      }
    } finally {
      isBuilding = false;
    }
  })();
  const pruning = (async () => {
    while (isBuilding) {
      const runs = await Promise.all([cli.call(['prune', '-a', '-f']), cli.call(['prune', '-f', '--keep-storage', '1kB'])]);
      for (const run of runs) expect(run.code, run.all).toBe(0);
    }
  })();
  await Promise.all([building, pruning]);
  await expectWhole(cli);
});

kernel.test('a prune that is killed at any instant leaves a whole store, and nothing lying about', async () => {
  const cli = await freshStore();
  const folder = context();
  for (const afterMs of [70, 80, 90, 100, 110, 120]) {
    await cli.built(['-t', 'app', folder]);
    await cli.call(['rm', 'app']);
    await cli.call(['prune', '-a', '-f'], { killAfterMs: afterMs });
    await expectWhole(cli);
  }
  await cli.call(['prune', '-a', '-f']);
  const usage = JSON.parse((await cli.call(['du', '--json'])).stdout) as { records: { kind: string }[] };
  expect(usage.records.map(({ kind }) => kind)).toEqual(['bookkeeping']);
});

kernel.test('`--cache-limit` keeps the cache within its limit after each build, and what is used', async () => {
  const cli = await freshStore();
  const folder = context();
  await cli.built(['-t', 'app', folder]);
  const files = await filesOf(cli, 'app');
  write(folder, 'two');
  const run = await cli.call(['build', '--progress', 'plain', '--cache-limit', '20kB', '-t', 'app', folder]);
  expect(run.stderr).toMatch(/^freed [\d.]+[kM]B: \d+ things, least recently used, to keep the cache within its limit$/m);
  await expectWhole(cli);
  write(folder, 'one');
  await cli.built(['--cache-limit', '20kB', '-t', 'app', folder]);
  expect(await filesOf(cli, 'app')).toBe(files);
  await expectWhole(cli);
});

kernel.test('TOOL-04 `history logs` prints what the build printed, whole', async () => {
  const cli = await freshStore();
  const folder = mkdtempSync(join(scratch, 'context-'));
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM alpine\nRUN i=0; while [ $i -lt 40000 ]; do echo "line $i of a step that says a lot"; i=$((i+1)); done\n',
  );
  const run = await cli.call(['build', '--progress', 'plain', '-t', 'app', folder]);
  expect(run.code, run.all).toBe(0);
  const logs = await cli.call(['history', 'logs']);
  expect(logs.stdout.split('\n').filter((line) => /line \d+ of/.test(line))).toHaveLength(40_000);
  expect(run.stderr.startsWith(logs.stdout.slice(0, 200))).toBe(true);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM alpine\nRUN echo oh no; exit 3\n');
  expect((await cli.call(['build', folder])).code).toBe(1);
  const builds = JSON.parse((await cli.call(['history', '--json'])).stdout) as { status: string; error?: { exitCode: number } }[];
  expect(builds.map(({ status }) => status)).toEqual(['error', 'completed']);
  expect(builds[0]?.error?.exitCode).toBe(3);
  expect((await cli.call(['history', 'logs'])).stdout).toContain('oh no');
});
