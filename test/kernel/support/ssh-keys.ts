import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface KeyPair {
  readonly file: string;
  /** `ssh-ed25519 AAAA…`, without its comment. */
  readonly publicKey: string;
}

/** A new key, made by OpenSSH. */
export function makeKey(file: string, ...args: readonly string[]): KeyPair {
  execFileSync('ssh-keygen', ['-q', '-f', file, '-N', '', '-C', 'somebody@somewhere', ...args], { stdio: 'ignore' });
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ') };
}

/** OpenSSH's own agent, on a socket. */
export async function startAgent(socket: string): Promise<AsyncDisposable> {
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data'); // it tells of its socket once that is there
  return {
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

/** Put these programs of the machine, with the libraries they need, where a file system has them. */
export function copyPrograms(programs: readonly string[], root: string): void {
  for (const program of programs) {
    const path = execFileSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
    for (const file of [path, ...[...libraries].map(([, library = '']) => library)]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(file, join(root, file), { dereference: true });
    }
  }
}
