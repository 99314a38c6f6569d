import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hostPath } from '../../src/base/index.ts';
import { build, type BuildEvent, type BuildOptions, type BuildResult } from '../../src/index.ts';
import { openStore } from '../../src/store/index.ts';
import { type RegistryServer, startRegistry } from './support/docker-registry.ts';

let registry: RegistryServer;
let counter: Server;
let asked: string[] = [];
let scratch: string;
let made = 0;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'slipway-offline-'));
  registry = await startRegistry();
  // A mirror that has no image, and a server of one file; it counts.
  counter = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/file') response.writeHead(200, { etag: '"1"' }).end('text');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  counter.close();
  await registry[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

function context(files: Readonly<Record<string, string>>): string {
  const path = join(scratch, `context-${made++}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Push an image with this file to the registry, and give its name. */
async function pushed(name: string, text: string, label = ''): Promise<string> {
  const tag = `${registry.host}/${name}`;
  const dockerfile = `FROM scratch\nCOPY file /file\nLABEL made=${label === '' ? 'here' : label}`;
  const outputs = [{ type: 'image', names: [tag], push: true }] as const;
  await build({ context: context({ file: text }), dockerfile, outputs, engine: { root: join(scratch, 'maker') } });
  return tag;
}

interface User {
  readonly root: string;
  build(
    dockerfile: string,
    options?: BuildOptions,
    offline?: boolean,
  ): Promise<BuildResult & { readonly events: readonly BuildEvent[] }>;
}

/** Somebody with a store of their own, who asks the counting mirror first. */
function user(): User {
  const root = join(scratch, `store-${made++}`);
  const own = context({ a: '1' });
  return {
    root,
    async build(dockerfile, options = {}, offline = false) {
      const events: BuildEvent[] = [];
      const port = (counter.address() as AddressInfo).port;
      const engine = { root, offline, registryMirrors: [`${registry.host}=http://127.0.0.1:${port}`] };
      const onEvent = (event: BuildEvent): void => void events.push(event);
      return { ...(await build({ context: own, dockerfile, engine, onEvent, ...options })), events };
    },
  };
}

const cachedNames = (events: readonly BuildEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === 'step-cached' ? event.name.replace(/@sha256:\w+/, '') : []));

test('build() asks for a tag that it knows only when it is told to', async () => {
  const tag = await pushed('known:1', 'first');
  const me = user();
  const first = await me.build(`FROM ${tag}\nCOPY a /a`);
  expect(asked.length).toBeGreaterThan(0);
  asked = [];
  const again = await me.build(`FROM ${tag}\nCOPY a /a`);
  const edited = await me.build(`FROM ${tag}\nCOPY a /b`);
  expect(asked).toEqual([]);
  expect(again.imageId).toBe(first.imageId);
  expect(edited.steps.ran).toBe(1);
  await me.build(`FROM ${tag}\nCOPY a /a`, { pull: true });
  expect(asked).toEqual([`HEAD /v2/known/manifests/1?ns=${encodeURIComponent(registry.host)}`]);
});

test('SEM-20 --pull takes what the tag is now; without it, it stays what it was', async () => {
  const tag = await pushed('moving:1', 'first');
  const me = user();
  const first = await me.build(`FROM ${tag}\nCOPY a /a`);
  await pushed('moving:1', 'second');
  expect((await me.build(`FROM ${tag}\nCOPY a /a`)).imageId).toBe(first.imageId);
  const pulled = await me.build(`FROM ${tag}\nCOPY a /a`, { pull: true });
  expect(pulled.imageId).not.toBe(first.imageId);
  expect((await me.build(`FROM ${tag}\nCOPY a /a`)).imageId).toBe(pulled.imageId);
});

test('SEM-14 steps on the same base layers are cached, whatever digest and name the base has', async () => {
  const tag = await pushed('base:1', 'same');
  const me = user();
  await me.build(`FROM ${tag}\nCOPY a /a`);
  await pushed('base:1', 'same', 'again');
  const other = await pushed('renamed:2', 'same', 'elsewhere');
  for (const base of [tag, other]) {
    const { events, steps } = await me.build(`FROM ${base}\nCOPY a /a`, { pull: true });
    expect(cachedNames(events)).toEqual([`[1/2] FROM ${base}`, '[2/2] COPY a /a']);
    expect(steps.ran).toBe(0);
  }
});

test('--offline takes every tag as it was last known, says so, and asks nobody', async () => {
  const tag = await pushed('away:1', 'first');
  const me = user();
  const first = await me.build(`FROM ${tag}\nCOPY a /a`);
  asked = [];
  const again = await me.build(`FROM ${tag}\nCOPY a /a`, {}, true);
  expect(again.imageId).toBe(first.imageId);
  const parts = again.events.flatMap((event) => (event.kind === 'step-progress' ? event.part : []));
  expect(parts).toContainEqual(expect.stringMatching(/^not asked, last known on \d{4}-\d\d-\d\d:$/));
  const dockerfile = `# one\nFROM ${registry.host}/never:1`;
  await expect(me.build(dockerfile, {}, true)).rejects.toMatchObject({
    code: 'REG_OFFLINE',
    message: expect.stringContaining(
      `\`${registry.host}/never:1\` is not in the store, and with \`--offline\` no registry is asked`,
    ),
    at: { start: { line: 2 } },
  });
  await expect(me.build(`FROM ${tag}`, { pull: true }, true)).rejects.toMatchObject({ code: 'BUILD_BAD_OPTION' });
  expect(asked).toEqual([]);
});

test('--offline takes a download as it was last', async () => {
  const me = user();
  const url = `http://127.0.0.1:${(counter.address() as AddressInfo).port}`;
  const first = await me.build(`FROM scratch\nADD ${url}/file /file`);
  asked = [];
  expect((await me.build(`FROM scratch\nADD ${url}/file /file`, {}, true)).imageId).toBe(first.imageId);
  await expect(me.build(`FROM scratch\nADD ${url}/other /file`, {}, true)).rejects.toMatchObject({ code: 'REG_OFFLINE' });
  expect(asked).toEqual([]);
});

test('build() warns of a tag that was looked up more than a week ago, and not when it was told not to ask', async () => {
  const tag = await pushed('old:1', 'first');
  const me = user();
  const { events } = await me.build(`FROM ${tag}\nCOPY a /a`);
  const warnings = (told: readonly BuildEvent[]): readonly string[] =>
    told.flatMap((event) => (event.kind === 'warning' ? event.message : []));
  expect(warnings(events)).toEqual([]);
  const { records } = openStore(hostPath(me.root));
  const askedAtMs = Date.now() - 9.5 * 86_400_000;
  for (const key of records.list('resolved')) {
    const record = records.read('resolved', key) as Record<string, string | number>;
    records.write('resolved', key, { ...record, askedAtMs });
  }
  const day = new Date(askedAtMs).toISOString().slice(0, 10);
  const told = await me.build(`FROM ${tag}\nCOPY a /a`);
  expect(warnings(told.events)).toEqual([
    `\`${tag}\` was last looked up 9 days ago, on ${day}; \`--pull\` asks its registry again`,
  ]);
  expect(warnings((await me.build(`FROM ${tag}\nCOPY a /a`, {}, true)).events)).toEqual([]);
  await me.build(`FROM ${tag}\nCOPY a /a`, { pull: true });
  expect(warnings((await me.build(`FROM ${tag}\nCOPY a /a`)).events)).toEqual([]);
});
