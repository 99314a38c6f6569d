import type { HostPath } from '../base/index.ts';
import type { SourceOp } from '../graph/index.ts';
import type { BuildContexts } from './contexts.ts';

/**
 * When the files of a build context were last committed, in seconds since 1970; `undefined`, and a warning through `warn`, where nobody
 * knows. `name` is that of a named context; the main one has none.
 */
export async function timeOfContext(
  contexts: BuildContexts,
  name: string | undefined,
  warn: (message: string) => void,
  ofCommit: (op: SourceOp) => Promise<number>,
): Promise<number | undefined> {
  const source = name === undefined ? contexts.main : contexts.named[name];
  if (source?.kind === 'source' && source.op.identifier.startsWith('git://')) return await ofCommit(source.op);
  const directory = contexts.directories.get(name ?? 'context');
  const committed = directory === undefined ? 'it is no directory' : await commitTime(directory);
  if (typeof committed === 'number') return committed;
  const what = name === undefined ? 'the build context' : `the context \`${name}\``;
  warn(`${what} has no commit to take the time of the sources from: ${committed}`);
  return undefined;
}

/** The time of the checked-out commit in the work tree around `directory`; a text says why there is none. */
async function commitTime(directory: HostPath): Promise<number | string> {
  // Of a work tree that belongs to somebody else only this one number is taken, and none of its settings runs a program.
  const args = ['-C', directory, '-c', 'safe.directory=*', 'rev-list', '--max-count=1', '--timestamp', 'HEAD'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('GIT_')));
  const { execFile } = await import('node:child_process');
  return await new Promise((resolve) => {
    execFile('git', args, { env: { ...env, LC_ALL: 'C' } }, (error, stdout, stderr) => {
      const seconds = /^(\d+) /.exec(stdout)?.[1];
      if (error === null && seconds !== undefined) resolve(Number(seconds));
      else if (error?.code === 'ENOENT') resolve('the program `git` is not installed');
      else resolve(stderr.trim().split('\n').at(0) || 'git names no commit');
    });
  });
}
