import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchStore } from '../../store/scratch-store.ts';
import { sshCommand } from './ssh-command.ts';

/** The words of the command, as a shell takes them apart. */
function wordsOf(command: string): string[] {
  return execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

test('sshCommand() asks nothing, reads no settings of the user, and keeps the keys of new hosts in the store', () => {
  using scratch = scratchStore();
  const { paths } = scratch.store;
  using ssh = sshCommand(paths, { remote: 'git@host:x', knownHosts: undefined }, { HOME: '/home/a b' });
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile="${join(paths.root, 'git/known_hosts')}"`,
    'GlobalKnownHostsFile="/home/a b/.ssh/known_hosts" "/etc/ssh/ssh_known_hosts"',
  ];
  expect(wordsOf(ssh.command)).toEqual(['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])]);
});

test('sshCommand() trusts given hosts and no others, from a file that is gone afterwards', () => {
  using scratch = scratchStore();
  const ssh = sshCommand(scratch.store.paths, { remote: 'ssh://git@host/x', knownHosts: 'host ssh-ed25519 AAAA\n' }, {});
  const words = wordsOf(ssh.command);
  expect(words).toContain('GlobalKnownHostsFile=/dev/null');
  expect(words.join(' ')).not.toContain('accept-new');
  const file = /^UserKnownHostsFile="(.*)"$/.exec(words.find((word) => word.startsWith('UserKnownHostsFile')) ?? '')?.[1] ?? '';
  expect(readFileSync(file, 'utf8')).toBe('host ssh-ed25519 AAAA\n');
  ssh[Symbol.dispose]();
  expect(existsSync(file)).toBe(false);
});

test('git calls the command, with its words, for a remote over ssh', () => {
  using scratch = scratchStore();
  const seen = join(scratch.folder, 'seen');
  const fake = join(scratch.folder, 'ssh');
  writeFileSync(fake, `#!/bin/sh\nprintf '%s\\n' "$SSH_AUTH_SOCK" "$@" >"${seen}"\nexit 255\n`, { mode: 0o755 });
  using ssh = sshCommand(scratch.store.paths, { remote: 'git@host.test:team/x', knownHosts: undefined }, { HOME: '/nobody' });
  const env = { PATH: `${scratch.folder}:${process.env['PATH']}`, GIT_SSH_COMMAND: ssh.command, SSH_AUTH_SOCK: '/agent' };
  expect(() => execFileSync('git', ['ls-remote', 'git@host.test:team/x'], { env, stdio: 'ignore' })).toThrow();
  const words = readFileSync(seen, 'utf8').split('\n');
  expect(words[0]).toBe('/agent');
  expect(words).toContain('BatchMode=yes');
  expect(words).toContain('git@host.test');
});
