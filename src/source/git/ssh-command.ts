import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createIngest, type StorePaths } from '../../store/index.ts';
import type { GitRequest } from './git-source.ts';

/** The ssh that git calls. */
export interface SshCommand extends Disposable {
  readonly command: string;
}

/**
 * No settings of the user's, no questions. Hosts that the user knows must show the key that is known; the key of another one is kept, so that
 * it can't change unnoticed. With given `knownHosts` only those are trusted.
 */
export function sshCommand(
  paths: StorePaths,
  { remote, knownHosts }: Pick<GitRequest, 'remote' | 'knownHosts'>,
  env: Readonly<Record<string, string | undefined>>,
): SshCommand {
  const options = ['-F', '/dev/null', '-o', 'BatchMode=yes'];
  if (knownHosts !== undefined && !/^https?:/.test(remote)) {
    const ingest = createIngest(paths);
    const file = ingest.child('known_hosts');
    writeFileSync(file, knownHosts, { mode: 0o600 });
    const command = print([...options, '-o', `UserKnownHostsFile=${quoted(file)}`, '-o', 'GlobalKnownHostsFile=/dev/null']);
    return { command, [Symbol.dispose]: () => ingest[Symbol.dispose]() };
  }
  const known = [join(env['HOME'] ?? homedir(), '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'];
  const own = join(paths.gitRepository(''), 'known_hosts');
  const trust = [
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${quoted(own)}`,
    `GlobalKnownHostsFile=${known.map(quoted).join(' ')}`,
  ];
  const command = print([...options, ...trust.flatMap((option) => ['-o', option])]);
  return { command, [Symbol.dispose]: () => undefined };
}

function quoted(path: string): string {
  return `"${path}"`;
}

/** For a shell, which git gives the command to. */
function print(words: readonly string[]): string {
  return ['ssh', ...words].map((word) => (/^[\w/.=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
