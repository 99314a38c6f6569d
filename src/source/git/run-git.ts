import { spawn } from 'node:child_process';
import { decodeFileName, SlipwayError } from '../../base/index.ts';

/** How git is run for one repository. */
export interface GitEnvironment {
  /** Configuration for this process alone: no secret stands in an argument or a file. */
  readonly config: readonly (readonly [key: string, value: string])[];
  /** Socket of the agent that ssh may ask. */
  readonly sshSocket?: string | undefined;
  readonly sshCommand: string;
  /** Of the caller: the path to programs, and proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface GitCall {
  readonly gitDir?: string | undefined;
  readonly workTree?: string | undefined;
  /** Where the index lies; default: in `gitDir`. */
  readonly indexFile?: string | undefined;
  readonly signal: AbortSignal;
}

/** git ended with a failure. Its last words may hold what the server said; who catches it masks secrets. */
export class GitFailure extends Error {
  readonly stderr: string;

  constructor(args: readonly string[], exit: number | NodeJS.Signals | null, stderr: string) {
    super(`git ${args[0] ?? ''} ended with ${exit ?? 'nothing'}`);
    this.stderr = stderr;
  }
}

const inherited = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** Holds for every repository: nothing of the user's settings, no program of the repository's choice, no file of this machine. */
const safeConfig: GitEnvironment['config'] = [
  // "user": what we ask for ourselves, but not what a repository names as a submodule.
  ['protocol.file.allow', 'user'],
  ['protocol.ext.allow', 'never'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['init.defaultBranch', 'master'],
  ['advice.detachedHead', 'false'],
  ['safe.directory', '*'],
];

const maxOutputBytes = 64 << 20;
const maxErrorBytes = 64 << 10;

/**
 * Run git with files of mode 0644 and 0755. A cancelled call kills it and all it started.
 * @returns what it printed, its bytes as those of names @see decodeFileName @throws {GitFailure} @throws {SlipwayError} `SOURCE_NO_GIT`, `SOURCE_GIT_FAILED`
 */
export async function runGit(args: readonly string[], environment: GitEnvironment, call: GitCall): Promise<string> {
  const { signal } = call;
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', 'umask 022; exec git "$@"', 'git', ...args], {
    cwd: call.workTree ?? '/',
    env: environmentOf(environment, call),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  signal.addEventListener('abort', kill, { once: true });
  const out: Buffer[] = [];
  let outBytes = 0;
  let stderr = '';
  try {
    child.stdout.on('data', (chunk: Buffer) => {
      outBytes += chunk.byteLength;
      if (outBytes > maxOutputBytes) kill();
      else out.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-maxErrorBytes);
    });
    const exit = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, killedBy) => resolve(code ?? killedBy));
    });
    signal.throwIfAborted();
    if (exit === 127) {
      throw new SlipwayError('SOURCE_NO_GIT', 'git is not installed, and a source of this build is a git repository', {
        class: 'permission',
        hint: 'install git, for example with `apt-get install git`',
      });
    }
    if (outBytes > maxOutputBytes)
      throw new SlipwayError('SOURCE_GIT_FAILED', 'git printed more than a repository can have to say');
    if (exit !== 0) throw new GitFailure(args, exit, stderr);
    return decodeFileName(Buffer.concat(out));
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function environmentOf({ config, sshSocket, sshCommand, env }: GitEnvironment, call: GitCall): Record<string, string> {
  const all = [...safeConfig, ...config];
  const variables: Record<string, string> = {
    PATH: env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: sshCommand,
    LC_ALL: 'C',
    GIT_CONFIG_COUNT: String(all.length),
  };
  for (const [index, [key, value]] of all.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  for (const name of inherited)
    for (const spelled of [name, name.toLowerCase()]) {
      const value = env[spelled];
      if (value !== undefined) variables[spelled] = value;
    }
  if (sshSocket !== undefined) variables['SSH_AUTH_SOCK'] = sshSocket;
  if (call.gitDir !== undefined) variables['GIT_DIR'] = call.gitDir;
  if (call.workTree !== undefined) variables['GIT_WORK_TREE'] = call.workTree;
  if (call.indexFile !== undefined) variables['GIT_INDEX_FILE'] = call.indexFile;
  return variables;
}
