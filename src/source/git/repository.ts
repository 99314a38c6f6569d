import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, SlipwayError } from '../../base/index.ts';
import { createIngest, noteUse, type Store } from '../../store/index.ts';
import { type GitEnvironment, GitFailure, runGit } from './run-git.ts';

/**
 * The bare repository that the store keeps of one remote; made when it isn't there. Call it under the repository's lock: what
 * a killed git left behind is cleared away here.
 */
export async function openRepository(
  store: Store,
  name: string,
  environment: GitEnvironment,
  { isSha256, signal }: { readonly isSha256: boolean; readonly signal: AbortSignal },
): Promise<HostPath> {
  const path = store.paths.gitRepository(name);
  if (noteUse(path)) {
    clearLocks(path);
    return path;
  }
  using ingest = createIngest(store.paths);
  const gitDir = ingest.child('bare');
  const format = isSha256 ? ['--object-format=sha256'] : [];
  await runGit(['init', '--quiet', '--bare', '--template=', ...format, '--', gitDir], environment, { signal });
  renameSync(gitDir, path);
  return path;
}

/** Nobody else has the repository: locks in it are those of processes that were killed. */
function clearLocks(path: string): void {
  for (const name of ['shallow.lock', 'config.lock', 'HEAD.lock', 'packed-refs.lock', 'index.lock'])
    rmSync(join(path, name), { force: true });
  const refs = join(path, 'refs/slipway');
  if (!existsSync(refs)) return;
  for (const name of readdirSync(refs)) if (name.endsWith('.lock')) rmSync(join(refs, name), { force: true });
}

/** Have `object` with all its files in the repository; only it is fetched, where the server gives it alone. @throws {GitFailure} @throws {SlipwayError} `SOURCE_GIT_NO_REF` */
export async function ensureObject(
  gitDir: HostPath,
  object: string,
  environment: GitEnvironment,
  { signal, mayFetch }: { readonly signal: AbortSignal /** Throws where not. */; readonly mayFetch: () => boolean },
): Promise<void> {
  const run = (...args: readonly string[]): Promise<string> => runGit(args, environment, { gitDir, signal });
  const has = async (): Promise<boolean> => {
    try {
      await run('cat-file', '-e', `${object}^{commit}`);
      return true;
    } catch (error) {
      if (error instanceof GitFailure) return false;
      throw error;
    }
  };
  if ((await has()) || !mayFetch()) return;
  const target = `refs/slipway/${object}`;
  try {
    await run('fetch', '--quiet', '--depth=1', '--no-tags', '--force', 'origin', `${object}:${target}`);
    return;
  } catch (error) {
    if (!(error instanceof GitFailure) || !refusesSingleObjects(error.stderr)) throw error;
  }
  const unshallow = isShallow(gitDir) ? ['--unshallow'] : [];
  await run(
    'fetch',
    '--quiet',
    '--no-tags',
    '--force',
    ...unshallow,
    'origin',
    '+refs/heads/*:refs/remotes/origin/*',
    '+refs/tags/*:refs/tags/*',
  );
  if (!(await has())) {
    throw new SlipwayError('SOURCE_GIT_NO_REF', `repository does not contain commit ${object}`, {
      hint: 'no branch and no tag of it leads there',
    });
  }
  await run('update-ref', target, object);
}

/** Old servers give only what a branch or a tag names; the simplest ones know nothing of shallow copies. */
function refusesSingleObjects(stderr: string): boolean {
  return /unadvertised object|not our ref|shallow|--depth|upload-pack: /i.test(stderr);
}

export function isShallow(gitDir: HostPath): boolean {
  return existsSync(join(gitDir, 'shallow'));
}
