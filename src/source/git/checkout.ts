import { copyFileSync, lstatSync, lutimesSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, hostPath, SlipwayError } from '../../base/index.ts';
import type { Ingest } from '../../store/index.ts';
import { isShallow } from './repository.ts';
import { isCommit } from './resolve-ref.ts';
import { type GitEnvironment, GitFailure, runGit } from './run-git.ts';

/** What of a commit becomes files. */
export interface CheckoutOptions {
  readonly object: string;
  /** Full name of the branch or tag it was found by, or the commit itself. */
  readonly ref: string;
  /** Slash-separated, without one at its start; '' is all. */
  readonly subdir: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
  readonly mtime: 'checkout' | 'commit';
  /** The remote, fit for people: it stands in a `.git` that is kept. */
  readonly shownRemote: string;
}

/** Write the files of a commit of the bare repository `gitDir` into `ingest`. @returns their directory @throws {GitFailure} @throws {SlipwayError} `SOURCE_GIT_NO_SUBDIR` */
export async function checkout(
  gitDir: HostPath,
  ingest: Ingest,
  options: CheckoutOptions,
  environment: GitEnvironment,
  signal: AbortSignal,
): Promise<HostPath> {
  const tree = ingest.child('d');
  mkdirSync(tree, { mode: 0o755 });
  const { object, subdir } = options;
  const work: Work = { gitDir, ingest, tree, options, environment, signal };
  const keepsGitDir = options.keepGitDir && subdir === '';
  if (keepsGitDir) await clone(work);
  else if (options.submodules && (await hasSubmodules(work))) await checkoutWithSubmodules(work);
  else await fill(work, gitDir, ingest.child('index'));
  if (!keepsGitDir) removeGitFiles(tree);
  const files = subdir === '' ? tree : subdirectory(tree, subdir);
  if (options.mtime === 'commit') setTimes(files, await commitTime(gitDir, object, environment, signal));
  return files;
}

/** Seconds since 1970. */
export async function commitTime(
  gitDir: HostPath,
  object: string,
  environment: GitEnvironment,
  signal: AbortSignal,
): Promise<number> {
  const time = await runGit(['log', '-1', '--format=%ct', `${object}^{commit}`], environment, { gitDir, signal });
  return Number(time.trim());
}

interface Work {
  readonly gitDir: HostPath;
  readonly ingest: Ingest;
  readonly tree: HostPath;
  readonly options: CheckoutOptions;
  readonly environment: GitEnvironment;
  readonly signal: AbortSignal;
}

/** Files alone: `repository` is only read. */
async function fill({ tree, options, environment, signal }: Work, repository: HostPath, indexFile: HostPath): Promise<void> {
  const call = { gitDir: repository, workTree: tree, indexFile, signal };
  await runGit(['read-tree', '--reset', '-u', `${options.object}^{tree}`], environment, call);
}

async function hasSubmodules({ gitDir, options, environment, signal }: Work): Promise<boolean> {
  try {
    await runGit(['cat-file', '-e', `${options.object}:.gitmodules`], environment, { gitDir, signal });
    return true;
  } catch (error) {
    if (error instanceof GitFailure) return false;
    throw error;
  }
}

/** In a git directory of its own that borrows the objects: what submodules leave there goes away with it. */
async function checkoutWithSubmodules(work: Work): Promise<void> {
  const { gitDir, ingest, tree, options, environment, signal } = work;
  const own = ingest.child('g');
  const format = options.object.length === 64 ? ['--object-format=sha256'] : [];
  await runGit(['init', '--quiet', '--bare', '--template=', ...format, '--', own], environment, { signal });
  mkdirSync(join(own, 'objects/info'), { recursive: true });
  writeFileSync(join(own, 'objects/info/alternates'), `${join(gitDir, 'objects')}\n`);
  if (isShallow(gitDir)) copyFileSync(join(gitDir, 'shallow'), join(own, 'shallow'));
  await runGit(['update-ref', '--no-deref', 'HEAD', `${options.object}^{commit}`], environment, { gitDir: own, signal });
  await fill(work, own, hostPath(join(own, 'index')));
  await updateSubmodules(work, own, tree);
}

async function updateSubmodules({ environment, signal }: Work, gitDir: HostPath, workTree: HostPath): Promise<void> {
  await runGit(['submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'], environment, {
    gitDir,
    workTree,
    signal,
  });
}

/** A repository of its own with this one commit in `.git`. */
async function clone(work: Work): Promise<void> {
  const { gitDir, tree, options, environment, signal } = work;
  const { object, ref, shownRemote } = options;
  const own = hostPath(join(tree, '.git'));
  const run = (...args: readonly string[]): Promise<string> => runGit(args, environment, { gitDir: own, workTree: tree, signal });
  const format = object.length === 64 ? ['--object-format=sha256'] : [];
  await run('init', '--quiet', '--template=', ...format);
  // By its URL, so that nothing is linked to from here: the copy holds the one commit and no more.
  const from = isCommit(ref) ? `refs/slipway/${object}` : `refs/slipway/${object}:${ref}`;
  await runGit(['update-ref', `refs/slipway/${object}`, object], environment, { gitDir, signal });
  await run('fetch', '--quiet', '--update-head-ok', '--depth=1', '--no-tags', '--', `file://${gitDir}`, from);
  await run('checkout', '--quiet', 'FETCH_HEAD');
  await run('config', 'remote.origin.url', shownRemote);
  await run('config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*');
  if (options.submodules) await updateSubmodules(work, own, tree);
  await run('reflog', 'expire', '--all', '--expire=now');
  rmSync(join(own, 'FETCH_HEAD'), { force: true });
}

/** What leads from a submodule to its git directory, which is not kept. git itself lets no file of a repository have this name. */
function removeGitFiles(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name === '.git') rmSync(join(directory, entry.name), { recursive: true, force: true });
    else if (entry.isDirectory()) removeGitFiles(join(directory, entry.name));
  }
}

/** Each part must be a directory: a link could lead anywhere. */
function subdirectory(tree: HostPath, subdir: string): HostPath {
  let path: string = tree;
  for (const part of subdir.split('/')) {
    path = join(path, part);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true && part !== '..') continue;
    throw new SlipwayError(
      'SOURCE_GIT_NO_SUBDIR',
      stats === undefined
        ? `the repository has no directory \`${subdir}\``
        : `git subpath "${subdir}" contains non-directory "${part}"`,
      { hint: 'check the part after the colon, or `subdir=`' },
    );
  }
  return hostPath(path);
}

function setTimes(path: string, sec: number): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), sec);
  lutimesSync(path, sec, sec);
}
