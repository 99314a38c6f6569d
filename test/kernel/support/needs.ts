import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { hostPath } from '../../../src/base/index.ts';
import { mountOverlay } from '../../../src/rootfs/index.ts';
import { createSandbox } from '../../../src/sandbox/index.ts';
import { trivialProgram } from '../../../src/sandbox/probe-program.ts';
import { startRegistry } from './docker-registry.ts';

/** What a test asks of the machine. Each is found out by doing it. */
export type Need =
  | 'overlayfs'
  | 'oci-runtime'
  | 'unshare'
  | 'cgroups'
  | 'root'
  | 'registry'
  | 'skopeo'
  | 'ssh'
  | 'umoci'
  | 'zstd';

/** Answers why the need is not met, or undefined when it is. */
type Probe = (scratch: string) => Promise<string | undefined>;

const probes: Readonly<Record<Need, Probe>> = {
  async overlayfs(scratch) {
    const [lower = '', upper = '', work = '', target = ''] = ['lower', 'upper', 'work', 'target'].map((name) =>
      join(scratch, name),
    );
    for (const directory of [lower, upper, work, target]) mkdirSync(directory);
    const paths = { upper: hostPath(upper), work: hostPath(work), target: hostPath(target) };
    await using mounted = mountOverlay({ lowers: [hostPath(lower)], ...paths });
    writeFileSync(join(mounted.target, 'file'), '');
    return undefined;
  },
  async 'oci-runtime'(scratch) {
    const sandbox = await createSandbox({ stateDir: hostPath(scratch), signal: AbortSignal.timeout(20_000) });
    return sandbox.name === 'unshare' ? 'neither runc nor crun works here' : undefined;
  },
  async unshare(scratch) {
    await createSandbox({ stateDir: hostPath(scratch), runtime: 'unshare', signal: AbortSignal.timeout(20_000) });
    return undefined;
  },
  /** Can memory and swap be limited? */
  async cgroups(scratch) {
    const sandbox = await createSandbox({ stateDir: hostPath(scratch), signal: AbortSignal.timeout(20_000) });
    const program = trivialProgram(process.arch);
    if (program === undefined) return `no probe for ${process.arch}`;
    const root = hostPath(join(scratch, 'root'));
    mkdirSync(root);
    writeFileSync(join(root, 'probe'), program, { mode: 0o755 });
    const who = { uid: 0, gid: 0, additionalGids: [0], hostname: 'probe', network: 'host', insecure: false } as const;
    const exit = await sandbox.run(
      {
        root,
        args: ['/probe'],
        env: [],
        cwd: '/',
        ...who,
        mounts: [],
        ulimits: [],
        limits: { memoryBytes: 64 << 20, memorySwapBytes: 64 << 20 },
      },
      { signal: AbortSignal.timeout(20_000), onOutput: () => undefined },
    );
    return exit.code === 0 ? undefined : `a limited process exited with ${exit.code}`;
  },
  async root() {
    return process.geteuid?.() === 0 ? undefined : `this is user ${process.geteuid?.()}`;
  },
  async registry() {
    await using _server = await startRegistry();
    return undefined;
  },
  skopeo: () => runs('skopeo', '--version'),
  async ssh() {
    const { error } = spawnSync('ssh-keygen', ['-?']);
    return error?.message;
  },
  umoci: () => runs('umoci', '--version'),
  zstd: () => runs('zstd', '--version'),
};

async function runs(program: string, ...args: readonly string[]): Promise<string | undefined> {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `${program} ${args.join(' ')}: ${stderr.trim()}`;
}

const answers = new Map<Need, Promise<string | undefined>>();

/** The probe's words for why `need` is not met here; undefined when it is. Probed once a process. */
export function missing(need: Need): Promise<string | undefined> {
  const known = answers.get(need);
  if (known !== undefined) return known;
  const answer = probe(need);
  answers.set(need, answer);
  return answer;
}

async function probe(need: Need): Promise<string | undefined> {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-need-'));
  try {
    return await probes[need](scratch);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export interface KernelTests {
  /** A test that is skipped with the probe's own words, or fails with them where SLIPWAY_REQUIRE names the need. */
  readonly test: (name: string, work: () => Promise<void> | void) => void;
}

const required = new Set((process.env['SLIPWAY_REQUIRE'] ?? '').split(',').map((need) => need.trim()));

/** Tests that need these things of the machine. @see STYLE.md, section 5 */
export function needs(...wanted: readonly Need[]): KernelTests {
  const unproved: string[] = [];
  let reason = '';
  afterAll(() => {
    if (unproved.length > 0) process.stderr.write(`not proved (${reason}):\n${unproved.map((name) => `  ${name}\n`).join('')}`);
  });
  return {
    test: (name, work) =>
      test(name, async (context) => {
        for (const need of wanted) {
          const failure = await missing(need);
          if (failure === undefined) continue;
          reason = `${need}: ${failure}`;
          if (required.has(need)) throw new Error(`required, but ${reason}`);
          unproved.push(name);
          context.skip(reason);
        }
        await work();
      }),
  };
}
