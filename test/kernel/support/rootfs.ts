import {
  chmodSync,
  copyFileSync,
  type Dirent,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostPath, hostPath, isNotFound } from '../../../src/base/index.ts';

/** A temporary directory that is gone at the end of the test. */
export function scratchDirectory(): Disposable & { readonly path: HostPath; make(name: string): HostPath } {
  const path = hostPath(mkdtempSync(join(tmpdir(), 'slipway-test-')));
  return {
    path,
    make(name) {
      const made = join(path, name);
      mkdirSync(made, { recursive: true, mode: 0o755 });
      return hostPath(made);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

const applets =
  'sh true false cat echo env id ls pwd hostname sleep stat touch rm mkdir rmdir ln mv cp grep chmod chown mount unshare kill ps dd df su wc head ip ulimit tr test tee cut sed';

/** A root file system of one static busybox, with a `passwd`, `group` and an `/etc`, in `directory`. */
export function busyboxRootfs(directory: HostPath): HostPath {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error('these tests need the package busybox-static');
  for (const name of ['bin', 'etc', 'tmp', 'root']) mkdirSync(join(directory, name));
  chmodSync(join(directory, 'tmp'), 0o1777);
  copyFileSync(busybox, join(directory, 'bin/busybox'));
  for (const applet of applets.split(' ')) symlinkSync('busybox', join(directory, 'bin', applet));
  writeFileSync(join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n');
  writeFileSync(join(directory, 'etc/group'), 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n');
  return directory;
}

/** Mount points of this process at or below `directory`. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target === directory || target.startsWith(`${directory}/`));
}

/** Processes whose command line holds `text`. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

/** What a runtime left in the cgroup trees for a sandbox of the process `pid`. */
export function leftCgroups(pid: number = process.pid): string[] {
  const found: string[] = [];
  const look = (directory: string, depth: number): void => {
    for (const entry of entriesOf(directory)) {
      if (!entry.isDirectory()) continue;
      const path = `${directory}/${entry.name}`;
      if (entry.name.startsWith(`slipway-${pid}-`)) found.push(path);
      if (depth < 6) look(path, depth + 1);
    }
  };
  if (existsSync('/sys/fs/cgroup')) look('/sys/fs/cgroup', 0);
  return found;
}

/** None of a directory that is gone: other programs' cgroups come and go. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
