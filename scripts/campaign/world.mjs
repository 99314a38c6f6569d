// What every campaign stands on: a folder, a registry, stores, and builds whose right result is known.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../../bench/registry.mjs';

const program = join(import.meta.dirname, '../../bin/slipway');

/** Numbers in [0, 1) that are the same for the same seed. @see mulberry32 */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = (random, items) => items[Math.floor(random() * items.length)];

/** A failed expectation: the campaign found something. */
export class Found extends Error {}

export function expect(holds, message) {
  if (!holds) throw new Found(message);
}

export async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-campaign-'));
  const registry = await startRegistry();
  const env = { SLIPWAY_REGISTRY_MIRRORS: `docker.io=http://${registry.host}` };
  return {
    folder,
    /** Start `slipway` with the store `root`. */
    start: (root, args, options = {}) => start(args, { ...options, env: { ...env, SLIPWAY_ROOT: root, ...options.env } }),
    /** Run it to its end, whatever that is. */
    run(root, args, options) {
      return this.start(root, args, options).ended;
    },
    /** Run it; it has to succeed. */
    async ok(root, args, options) {
      const result = await this.run(root, args, options);
      expect(result.code === 0, `slipway ${args.join(' ')} ended with ${result.code ?? result.signal}:\n${result.said}`);
      return result;
    },
    async close() {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A process in a group of its own, as a shell starts one. */
function start(args, { env, cwd }) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => chunks.push(chunk));
  }
  const said = () => Buffer.concat(chunks).toString();
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, said: said() }));
  });
  return {
    ended,
    /** `toGroup`: also to what it has started, as a terminal does. */
    kill(signal, toGroup) {
      try {
        process.kill(toGroup ? -child.pid : child.pid, signal);
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    },
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A context whose build pulls, copies, runs, copies between stages and exports; `word` is in every step, `mark` in its processes. */
export function writeContext(folder, word, { files = 40, mark = word, pauseMs = 0 } = {}) {
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  for (let at = 0; at < files; at++)
    writeFileSync(join(folder, at % 2 === 0 ? 'src' : 'src/deep', `f${at}`), `${word} ${at}\n`.repeat(40));
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM alpine:latest AS one
COPY src /src
RUN : ${mark}; usleep ${pauseMs * 1000}; cat /src/f* /src/deep/* > /all && echo ${word} > /one
FROM alpine:latest AS two
RUN --mount=type=cache,target=/cache : ${mark}; usleep ${pauseMs * 1000}; echo x >> /cache/log; mkdir /two && echo ${word} > /two/word
FROM alpine:latest
COPY --from=one /all /one /app/
COPY --from=two /two /app/two
RUN : ${mark}; cat /app/all /app/two/word > /app/both; rm /app/one
`,
  );
}

/** Every file below `folder` by path, type, mode and content; times don't count. */
export function fingerprint(folder) {
  const hash = createHash('sha256');
  const walk = (path, name) => {
    const stats = lstatSync(path);
    hash.update(`${name}\0${stats.mode}\0${stats.uid}:${stats.gid}\0`);
    if (stats.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (stats.isFile()) hash.update(readFileSync(path));
    else if (stats.isDirectory()) for (const child of readdirSync(path).sort()) walk(join(path, child), `${name}/${child}`);
    hash.update('\0');
  };
  walk(folder, '');
  return hash.digest('hex');
}

/** Does each blob of an OCI layout have its digest? */
export function expectWholeLayout(layout) {
  for (const name of readdirSync(join(layout, 'blobs/sha256'))) {
    const digest = createHash('sha256')
      .update(readFileSync(join(layout, 'blobs/sha256', name)))
      .digest('hex');
    expect(digest === name, `the image has a blob ${name} whose content has the digest ${digest}`);
  }
}

/** What the build of `context` gives in `root`, as one digest. */
export async function buildAndRead(world, root, context, more = []) {
  const [files, layout] = [join(world.folder, 'files-out'), join(world.folder, 'layout-out')];
  for (const path of [files, layout]) rmSync(path, { recursive: true, force: true });
  const outputs = ['-o', `type=local,dest=${files}`, '-o', `type=oci,tar=false,dest=${layout}`];
  await world.ok(root, ['build', '--progress=plain', ...outputs, ...more, context]);
  expectWholeLayout(layout);
  return fingerprint(files);
}

/** The store is whole, and nothing of a command that has ended is left. */
export async function expectWhole(world, root, mark) {
  const verified = await world.run(root, ['du', '--verify']);
  expect(verified.code === 0, `the store is broken:\n${verified.said}`);
  expectNothingLeft(root, mark);
}

export function expectNothingLeft(root, mark) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${root}/`));
  expect(mounts.length === 0, `mounts are left: ${mounts.join(', ')}`);
  const ingests = readdirSync(join(root, 'ingest'));
  expect(ingests.length === 0, `half-made things are left: ${ingests.join(', ')}`);
  const processes = processesWith(mark);
  expect(processes.length === 0, `processes are left: ${processes.join(', ')}`);
}

function processesWith(text) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(text) ? [`${pid} ${line}`] : [];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}
