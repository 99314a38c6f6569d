import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type HostPath, SlipwayError } from '../../src/base/index.ts';
import { createSandbox, endAbandonedRuns, type Sandbox, type SandboxProcess, writeHostsFiles } from '../../src/sandbox/index.ts';
import { runtimeSpec } from '../../src/sandbox/runtime-spec.ts';
import { readSpecHost } from '../../src/sandbox/spec-host.ts';
import { type Need, needs } from './support/needs.ts';
import { busyboxRootfs, leftCgroups, mountsBelow, processesWith, scratchDirectory } from './support/rootfs.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Scratch = ReturnType<typeof scratchDirectory>;

interface Bench {
  readonly root: HostPath;
  readonly sandbox: Sandbox;
  readonly scratch: Scratch;
  /** Run a shell text, or exactly these arguments. */
  readonly run: (what: string | readonly string[], more?: Partial<SandboxProcess>, signal?: AbortSignal) => Promise<Outcome>;
}

const idle = new AbortController().signal;

/** Runs `work` with a sandbox and a root file system, and demands that nothing of either is left. */
async function bench(runtime: string | undefined, work: (bench: Bench) => Promise<void>): Promise<void> {
  using scratch = scratchDirectory();
  const root = busyboxRootfs(scratch.make('root'));
  const stateDir = scratch.make('state');
  const sandbox = await createSandbox({ stateDir, runtime, signal: idle });
  const run: Bench['run'] = async (what, more = {}, signal = idle) => {
    const output = { 1: [] as Uint8Array[], 2: [] as Uint8Array[] };
    const args = typeof what === 'string' ? ['/bin/sh', '-c', what] : what;
    const { code } = await sandbox.run(
      {
        root,
        args,
        env: ['PATH=/bin'],
        cwd: '/',
        uid: 0,
        gid: 0,
        additionalGids: [0],
        hostname: 'buildkitsandbox',
        network: 'host',
        insecure: false,
        mounts: [],
        ulimits: [],
        ...more,
      },
      { signal, onOutput: (stream, data) => void output[stream].push(data) },
    );
    return { code, out: Buffer.concat(output[1]).toString(), err: Buffer.concat(output[2]).toString() };
  };
  await work({ root, sandbox, scratch, run });
  expect(readdirSync(stateDir)).toEqual([]);
  expect(mountsBelow(scratch.path)).toEqual([]);
  expect(processesWith(scratch.path)).toEqual([]);
  expect(leftCgroups()).toEqual([]);
}

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.for<readonly [label: string, need: Need, runtime: string | undefined]>([
  ['an OCI runtime', 'oci-runtime', undefined],
  ['unshare', 'unshare', 'unshare'],
])('run() with %s', ([, need, runtime]) => {
  const kernel = needs(need);
  const inside = (name: string, work: (bench: Bench) => Promise<void>): void => kernel.test(name, () => bench(runtime, work));

  inside('DF-RUN-02 answers the exit code and gives an empty standard input', async ({ run }) => {
    expect(await run('exit 3')).toEqual({ code: 3, out: '', err: '' });
    expect(await run('cat; echo end')).toEqual({ code: 0, out: 'end\n', err: '' });
  });

  inside('DF-RUN-02 answers 128 + n when signal n ended the process', async ({ run }) => {
    expect((await run('sh -c "kill -KILL \\$\\$"; exit $?')).code).toBe(137);
  });

  inside('keeps both streams apart and loses no byte', async ({ run }) => {
    const { out, err } = await run('head -c 300000 /dev/zero; echo oops >&2');
    expect(out.length).toBe(300_000);
    expect(err).toBe('oops\n');
  });

  inside('lets a program open /dev/stdout again, as a pipe allows and a socket does not', async ({ run }) => {
    expect(await run('echo one > /dev/stdout; echo two > /dev/stderr')).toEqual({ code: 0, out: 'one\n', err: 'two\n' });
  });

  inside('DF-RUN-03 sets cwd, environment and HOME, and hands on nothing of ours', async ({ run }) => {
    const { out } = await run('pwd; env', { cwd: '/made/here', env: ['PATH=/bin', 'A=b c'] });
    const lines = out.trim().split('\n').sort();
    expect(lines).toEqual(['/made/here', 'A=b c', 'HOME=/root', 'PATH=/bin', 'PWD=/made/here', expect.stringMatching(/^SHLVL=/)]);
  });

  inside('DF-RUN-03 makes a missing working directory for the user of the process', async ({ run, root }) => {
    const as = { uid: 1000, gid: 1001, additionalGids: [1001] };
    expect((await run('touch here; stat -c %a:%u:%g .', { ...as, cwd: '/tmp/made/deep' })).out).toBe('755:1000:1001\n');
    expect(lstatSync(join(root, 'tmp/made'))).toMatchObject({ uid: 1000, gid: 1001 });
    expect(await rejection(run('true', { cwd: '/etc/passwd' }))).toMatchObject({ code: 'SANDBOX_BAD_DIRECTORY' });
  });

  inside('DF-RUN-03 finds the program on the PATH of the process', async ({ run }) => {
    expect((await run(['echo', 'hello'])).out).toBe('hello\n');
  });

  inside('runs as the given user and groups', async ({ run }) => {
    const { out } = await run('id; echo $HOME; touch /tmp/mine; stat -c %u:%g /tmp/mine; umask', {
      uid: 1000,
      gid: 1000,
      additionalGids: [1000, 2000],
    });
    expect(out.split('\n')).toEqual([
      'uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)',
      '/home/app',
      '1000:1000',
      '0022',
      '',
    ]);
  });

  inside('DF-RUN-29 holds the default capabilities and no others', async ({ run }) => {
    const sets = (out: string): Record<string, string> =>
      Object.fromEntries(
        out
          .trim()
          .split('\n')
          .map((line) => line.split(/:\s*/) as [string, string]),
      );
    const read = 'grep ^Cap /proc/self/status';
    const mask = '00000000a80425fb';
    const none = '0000000000000000';
    expect(sets((await run(read)).out)).toEqual({ CapInh: none, CapPrm: mask, CapEff: mask, CapBnd: mask, CapAmb: none });
    const user = sets((await run(read, { uid: 1000, gid: 1000, additionalGids: [1000] })).out);
    expect(user).toEqual({ CapInh: none, CapPrm: none, CapEff: none, CapBnd: mask, CapAmb: none });
  });

  inside('insecure gives every capability there is', async ({ run }) => {
    const { out } = await run('grep CapEff /proc/self/status; mount -t tmpfs none /tmp && echo mounted', { insecure: true });
    const ours = /CapBnd:\t(\w+)/.exec((await import('node:fs')).readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(out).toBe(`CapEff:\t${ours}\nmounted\n`);
  });

  inside('DF-RUN-30 masks paths that hold something on this machine', async ({ run }) => {
    const there = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/scsi', '/sys/firmware'].filter((path) =>
      existsSync(path),
    );
    expect(there.length).toBeGreaterThan(0);
    const look = there.map((path) => `if [ -d ${path} ]; then ls -A ${path}; else head -c 100 ${path}; fi`).join('; ');
    expect(await run(look)).toEqual({ code: 0, out: '', err: '' });
    expect((await run(look, { insecure: true })).out.length).toBeGreaterThan(0);
  });

  inside('DF-RUN-30 makes kernel settings read-only', async ({ run }) => {
    const { out, err } = await run(
      'echo 1 > /proc/sys/kernel/printk || echo refused; touch /sys/x || echo refused; mount | grep " /proc/sys "',
    );
    expect(out).toMatch(/^refused\nrefused\nproc on \/proc\/sys type proc \(ro,/);
    expect(err).toMatch(/Read-only file system/);
  });

  inside('DF-RUN-31 refuses mounts and new mount namespaces', async ({ run }) => {
    const { out, err } = await run('mount -t tmpfs none /tmp || echo mount; unshare -m true || echo unshare');
    expect(out).toBe('mount\nunshare\n');
    expect(err).toMatch(/mount: .*(permission denied|Operation not permitted)/i);
    expect(err).toMatch(/unshare.*Operation not permitted/);
  });

  inside('DF-RUN-33 has its own hostname and sees only its own processes', async ({ run }) => {
    expect((await run('hostname; ls -d /proc/[0-9]* | wc -l; echo $$')).out).toMatch(/^buildkitsandbox\n[23]\n1\n$/);
  });

  inside('DF-RUN-25 network none has a loopback that is up and nothing else', async ({ run }) => {
    const { out } = await run('ls /sys/class/net; ip addr show lo', { network: 'none' });
    expect(out).toMatch(/^lo\n/);
    expect(out).toMatch(/<LOOPBACK,UP/);
  });

  inside('DF-RUN-27 DF-RUN-28 shows extra hosts, which the process cannot change', async ({ run, scratch, root }) => {
    const options = { hostname: 'buildkitsandbox', extraHosts: [{ host: 'db', ip: '10.0.0.9' }], network: 'host' } as const;
    const mounts = writeHostsFiles(scratch.make('hosts'), options);
    const { out } = await run(
      'cat /etc/hosts; echo x >> /etc/hosts || echo refused; echo x >> /etc/resolv.conf || echo refused',
      { mounts },
    );
    expect(out).toBe(
      '127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.9\tdb\nrefused\nrefused\n',
    );
    expect(lstatSync(join(root, 'etc/hosts')).size).toBe(0);
  });

  inside('DF-RUN-27 sets limits and the size of /dev/shm', async ({ run }) => {
    const ulimits = [{ name: 'nofile', soft: 100, hard: 200 }];
    const { out } = await run('ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1', { ulimits, shmSizeBytes: 8 * 1024 * 1024 });
    expect(out).toMatch(/^100\n200\nshm +8192 /);
  });

  inside('mounts what it is given, read-only where asked', async ({ run, scratch }) => {
    const [readonly, writable] = [scratch.make('readonly'), scratch.make('writable')];
    writeFileSync(join(readonly, 'file'), 'content');
    const { out } = await run('cat /in/file; touch /in/x || echo refused; touch /out/x; df -k /mem | tail -1; touch /mem/x', {
      mounts: [
        { destination: '/in', type: 'bind', source: readonly, options: ['rbind', 'ro'] },
        { destination: '/mem', type: 'tmpfs', options: ['nosuid', 'nodev', 'size=4194304'] },
        { destination: '/out', type: 'bind', source: writable, options: ['rbind', 'rw'] },
      ],
    });
    expect(out).toMatch(/^contentrefused\ntmpfs +4096 /);
    expect(readdirSync(writable)).toEqual(['x']);
    expect(readdirSync(readonly)).toEqual(['file']);
  });

  inside('never mounts outside of the root through its symlinks', async ({ run, root, scratch }) => {
    const outside = scratch.make('outside');
    const { symlinkSync } = await import('node:fs');
    symlinkSync(outside, join(root, 'link'));
    await rejection(run('touch /link/file', { mounts: [{ destination: '/link/deep', type: 'tmpfs', options: [] }] }));
    expect(readdirSync(outside)).toEqual([]);
  });

  inside('DF-RUN-04 says that there is no such program', async ({ run }) => {
    const byName = await rejection(run(['absent', 'x']));
    expect(byName).toBeInstanceOf(SlipwayError);
    expect(byName).toMatchObject({
      code: 'SANDBOX_NO_PROGRAM',
      class: 'step',
      message: 'exec: "absent": executable file not found in $PATH',
    });
    expect(await rejection(run(['/bin/absent']))).toMatchObject({
      code: 'SANDBOX_NO_PROGRAM',
      message: 'exec: "/bin/absent": stat /bin/absent: no such file or directory',
    });
    expect(await rejection(run(['/etc/passwd']))).toMatchObject({ code: 'SANDBOX_NOT_EXECUTABLE' });
  });

  inside('does not take the process for the runtime when it exits like one', async ({ run }) => {
    expect(await run('echo runc run failed: oops >&2; exit 1')).toEqual({ code: 1, out: '', err: 'runc run failed: oops\n' });
  });

  inside('leaves no process behind that the program left running', async ({ run }) => {
    expect(await run('sleep 60 & echo started')).toEqual({ code: 0, out: 'started\n', err: '' });
  });

  inside('on abort kills the process and its children, then rejects with the reason', async ({ scratch, sandbox, root }) => {
    const stop = new AbortController();
    const reason = new SlipwayError('BUILD_CANCELLED', 'stopped', { class: 'cancelled' });
    const seen: string[] = [];
    const marker = scratch.path.slice(-6);
    const running = sandbox.run(
      {
        root,
        args: ['/bin/sh', '-c', `trap "" TERM INT; sh -c "sleep 60 #${marker}" & echo up; sleep 60; echo ${marker}`],
        env: ['PATH=/bin'],
        cwd: '/',
        uid: 1000,
        gid: 1000,
        additionalGids: [],
        hostname: 'h',
        network: 'none',
        insecure: false,
        mounts: [],
        ulimits: [],
      },
      {
        signal: stop.signal,
        onOutput(_, data) {
          seen.push(Buffer.from(data).toString());
          stop.abort(reason);
        },
      },
    );
    expect(await rejection(running)).toBe(reason);
    expect(seen).toEqual(['up\n']);
    expect(processesWith(marker)).toEqual([]);
  });

  inside('on abort while it is still starting leaves nothing either', async ({ run }) => {
    const stop = new AbortController();
    const running = run('sleep 60', {}, stop.signal);
    stop.abort(new Error('early'));
    expect(await rejection(running)).toMatchObject({ message: 'early' });
    expect(await rejection(run('true', {}, stop.signal))).toMatchObject({ message: 'early' });
  });
});

describe('an OCI runtime that dies', () => {
  needs('oci-runtime').test('is told from a process that dies, and nothing is left', () =>
    bench(undefined, async ({ root, sandbox, scratch }) => {
      const more = { cwd: '/', uid: 0, gid: 0, additionalGids: [0], hostname: 'h', insecure: false, mounts: [], ulimits: [] };
      const killed = sandbox.run(
        { root, args: ['/bin/sh', '-c', 'echo up; sleep 60'], env: [], network: 'host', ...more },
        {
          signal: idle,
          onOutput() {
            for (const pid of processesWith(`${scratch.path}/state`)) process.kill(Number(pid), 'SIGKILL');
          },
        },
      );
      expect(await rejection(killed)).toMatchObject({ code: 'SANDBOX_RUNTIME_FAILED' });
    }),
  );
});

describe('seccomp under an OCI runtime', () => {
  const kernel = needs('oci-runtime');

  kernel.test('DF-RUN-31 a filter is on, and refuses even a user namespace', () =>
    bench(undefined, async ({ run }) => {
      const { out, err } = await run('grep ^Seccomp: /proc/self/status; unshare -U true || echo refused');
      expect(out).toBe('Seccomp:\t2\nrefused\n');
      expect(err).toMatch(/Operation not permitted/);
    }),
  );

  kernel.test('DF-RUN-32 setuid programs work', () =>
    bench(undefined, async ({ run, root }) => {
      const as = { uid: 1000, gid: 1000, additionalGids: [1000] };
      writeFileSync(join(root, 'etc/passwd'), 'root::0:0:root:/root:/bin/sh\napp::1000:1000::/:/bin/sh\n');
      const become = '/bin/su root -c "id -u; grep CapEff /proc/self/status"';
      expect((await run(become, as)).code).not.toBe(0);
      await run('rm /bin/su; cp /bin/busybox /bin/su && chmod 4755 /bin/su');
      expect(await run(become, as)).toEqual({ code: 0, out: '0\nCapEff:\t00000000a80425fb\n', err: '' });
    }),
  );
});

describe('createSandbox()', () => {
  const kernel = needs('oci-runtime');

  kernel.test('probes once and takes what it remembers from then on', async () => {
    using scratch = scratchDirectory();
    const memory = new Map<string, string>();
    const options = {
      stateDir: scratch.make('state'),
      recall: (key: string) => memory.get(key),
      remember: (key: string, value: string) => void memory.set(key, value),
      signal: idle,
    };
    const first = await createSandbox(options);
    expect([...memory.values()]).toEqual([expect.stringMatching(/^(runc|crun)/)]);
    const again = await createSandbox({ ...options, remember: () => expect.unreachable('probed again') });
    expect(again.name).toBe(first.name);
    expect(existsSync(join(scratch.path, 'state'))).toBe(true);
  });

  kernel.test('ends what a process of ours left running when it was killed', async () => {
    using scratch = scratchDirectory();
    const root = busyboxRootfs(scratch.make('root'));
    const stateDir = scratch.make('state');
    const { name } = await createSandbox({ stateDir, signal: idle });
    const id = `slipway-${spawnSync('true').pid}-left`;
    const bundle = scratch.make(`state/${id}`);
    const more = { cwd: '/', uid: 0, gid: 0, additionalGids: [0], hostname: 'h', insecure: false, mounts: [], ulimits: [] };
    const left: SandboxProcess = { root, args: ['/bin/sh', '-c', 'echo up; sleep 60'], env: [], network: 'host', ...more };
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(runtimeSpec(left, readSpecHost({ canMakeCgroups: true }), id)));
    const runtime = spawn(name, ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, id], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(runtime, 'exit');
    await once(runtime.stdout, 'data');
    await endAbandonedRuns([stateDir]);
    expect(await exited).toEqual([137, null]);
    expect(existsSync(join(bundle, 'state', id))).toBe(false);
  });

  test('refuses a runtime it does not know', async () => {
    using scratch = scratchDirectory();
    mkdirSync(join(scratch.path, 'state'));
    const made = createSandbox({ stateDir: scratch.make('state'), runtime: 'rkt', signal: idle });
    expect(await rejection(made)).toMatchObject({ code: 'SANDBOX_UNKNOWN_RUNTIME' });
  });
});
