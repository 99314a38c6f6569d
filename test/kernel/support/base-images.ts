import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineOptions, importImage } from '../../../src/index.ts';

/**
 * Two images of one layer, made here of a static busybox: `base-image` says nothing but PATH, `service-image` has a bit of everything.
 * @returns the diff ID of that layer
 */
export async function importBaseImages(engine: EngineOptions, scratch: string): Promise<string> {
  const tar = makeRootfs(scratch);
  for (const [name, config] of Object.entries(baseConfigs)) {
    const configFile = join(scratch, `${name}.json`);
    writeFileSync(configFile, JSON.stringify(config));
    await importImage({ tar, name, configFile, engine });
  }
  return `sha256:${createHash('sha256').update(readFileSync(tar)).digest('hex')}`;
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** By name; no stage is called so. */
export const baseConfigs: Readonly<Record<string, object>> = {
  'base-image': { Env: [path], Cmd: ['/bin/sh'] },
  'service-image': {
    User: '',
    ExposedPorts: { '8080/tcp': {} },
    Env: [path, 'SERVICE_VERSION=1.2'],
    Entrypoint: ['/entrypoint.sh'],
    Cmd: ['serve', '--all'],
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    Labels: { maintainer: 'somebody', version: '1.2' },
    StopSignal: 'SIGQUIT',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 3_000_000_000 },
  },
};

const epoch = '@1500000000';

function makeRootfs(scratch: string): string {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file));
  if (busybox === undefined) throw new Error('these tests need the package busybox-static');
  const root = join(scratch, 'rootfs');
  for (const name of ['bin', 'dev', 'etc', 'home', 'mnt', 'opt', 'proc', 'root', 'srv', 'sys', 'tmp', 'usr/bin', 'var'])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'root'), 0o700);
  copyFileSync(busybox, join(root, 'bin/busybox'));
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  symlinkSync('../../bin/env', join(root, 'usr/bin/env'));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\ndaemon:x:1:\nextra:x:2000:app,nobody\napp:x:1000:\nnobody:x:65534:\n');
  const tar = join(scratch, 'rootfs.tar');
  execFileSync('tar', [
    '-C',
    root,
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '--sort=name',
    `--mtime=${epoch}`,
    '-cf',
    tar,
    '.',
  ]);
  return tar;
}
