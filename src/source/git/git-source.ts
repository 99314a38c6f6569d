import { canonicalJson, type HostPath, type Json, SlipwayError } from '../../base/index.ts';
import { type Digest, digestOf, hexOf } from '../../oci/index.ts';
import { createIngest, type Ingest, type Store } from '../../store/index.ts';
import type { ModeOf } from '../local-context.ts';
import { checkout, commitTime } from './checkout.ts';
import { explainGit, publicRemote } from './explain-git.ts';
import { ensureObject, openRepository } from './repository.ts';
import { checkCommit, checkRef, isCommit, readRefs, refQuestion, type ResolvedRef } from './resolve-ref.ts';
import { type GitEnvironment, GitFailure, runGit } from './run-git.ts';
import { sshCommand } from './ssh-command.ts';
import { readGitModes } from './work-tree.ts';

/** A repository, and what of it is wanted. */
export interface GitRequest {
  /** A URL that git understands, over http, https, ssh or git. */
  readonly remote: string;
  /** A branch, a tag or a commit; '' is the default branch. */
  readonly ref: string;
  readonly subdir: string;
  /** The commit that it must be; a part of its digits is enough. */
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
  readonly mtime: 'checkout' | 'commit';
  /** Take the checksum for the commit, without asking what the ref is now. */
  readonly fetchByCommit: boolean;
  /** Value of the `Authorization` header for the remote. */
  readonly authorization: string | undefined;
  readonly sshSocket: string | undefined;
  /** Lines of a `known_hosts` file; then no other host is trusted. */
  readonly knownHosts: string | undefined;
}

interface GitCheckout extends Disposable {
  /** The files; gone when disposed, unless moved. */
  readonly directory: HostPath;
}

export interface GitSource {
  /** Names the files that `request` means now. The remote is asked once in the life of a source, and not at all for a commit. */
  pin(request: GitRequest, options: { readonly signal: AbortSignal }): Promise<Digest>;
  /** When the commit was made, in seconds since 1970. */
  committedAt(request: GitRequest, options: { readonly signal: AbortSignal }): Promise<number>;
  /** Write the files. The commit is fetched unless the store has it. */
  checkout(request: GitRequest, options: { readonly signal: AbortSignal }): Promise<GitCheckout>;
  /** How the work tree around a directory of this machine says that files show. @throws {SlipwayError} `SOURCE_NO_WORK_TREE`, `SOURCE_BAD_INDEX` */
  modesIn(directory: HostPath, options: { readonly signal: AbortSignal }): Promise<ModeOf>;
}

/** @throws {SlipwayError} `SOURCE_GIT_…`, `SOURCE_NO_GIT` from its functions */
export function createGitSource({
  store,
  env,
  offline = false,
}: {
  readonly store: Store;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ask no server: refs are what they last were. */
  readonly offline?: boolean | undefined;
}): GitSource {
  const questions = new Map<string, Promise<ResolvedRef>>();

  const ask = (request: GitRequest, signal: AbortSignal): Promise<ResolvedRef> => {
    const key = `${request.remote}#${request.ref}`;
    const known = questions.get(key);
    if (known !== undefined) return known;
    const made = within(request, async (environment) => {
      const record = hexOf(digestOf(key));
      if (offline) return parseResolved(store.records.read('git', record)) ?? isOffline(request);
      const answer = await runGit(refQuestion(request.ref), environment, { signal });
      const resolved = readRefs(answer, request.ref);
      store.records.write('git', record, { ...resolved });
      return resolved;
    });
    questions.set(key, made);
    made.catch(() => questions.delete(key)); // whoever asked gets the error
    return made;
  };

  const resolve = async (request: GitRequest, signal: AbortSignal): Promise<ResolvedRef> => {
    const { ref, checksum, fetchByCommit } = request;
    checkRef(ref);
    if (checksum !== undefined && !/^[0-9a-f]+$/i.test(checksum)) {
      throw new SlipwayError('SOURCE_GIT_CHECKSUM', `invalid checksum ${checksum} for Git URL, expected hex commit hash`);
    }
    const resolved = isCommit(ref)
      ? { ref, object: ref, peeled: undefined }
      : fetchByCommit
        ? byCommit(ref, checksum)
        : await ask(request, signal);
    checkCommit(checksum, resolved);
    return resolved;
  };

  /** Run `work` with git set up for the remote, and put what git says into words. */
  const within = async <T>(request: GitRequest, work: (environment: GitEnvironment) => Promise<T>): Promise<T> => {
    const ssh = sshCommand(store.paths, request, env);
    try {
      return await work({
        config: [
          ['remote.origin.url', request.remote],
          ...(request.authorization === undefined
            ? []
            : ([[`http.${tokenScope(request.remote)}.extraheader`, `Authorization: ${request.authorization}`]] as const)),
        ],
        sshSocket: request.sshSocket,
        sshCommand: ssh.command,
        env,
      });
    } catch (error) {
      throw error instanceof GitFailure ? explainGit(error, request) : error;
    } finally {
      ssh[Symbol.dispose]();
    }
  };

  /** Do `work` with a repository that has `object`, while nobody else uses it. */
  const withObject = async <T>(
    request: GitRequest,
    object: string,
    signal: AbortSignal,
    work: (gitDir: HostPath, environment: GitEnvironment) => Promise<T>,
  ): Promise<T> => {
    const name = hexOf(digestOf(request.remote)).slice(0, 32);
    using _lock = await store.locks.hold(`git-${name}`, signal);
    return await within(request, async (environment) => {
      const gitDir = await openRepository(store, name, environment, { isSha256: object.length === 64, signal });
      await ensureObject(gitDir, object, environment, { signal, mayFetch: () => !offline || isOffline(request) });
      return await work(gitDir, environment);
    });
  };

  return {
    async pin(request, { signal }) {
      const { ref, object, peeled } = await resolve(request, signal);
      const { keepGitDir, subdir, submodules, mtime } = request;
      const named = keepGitDir ? { object, ref, remote: publicRemote(request.remote) } : { object: peeled ?? object };
      return digestOf(`git ${canonicalJson({ ...named, keepGitDir, subdir: cleanSubdir(subdir), submodules, mtime })}`);
    },
    async committedAt(request, { signal }) {
      const { object } = await resolve(request, signal);
      return await withObject(request, object, signal, (gitDir, environment) => commitTime(gitDir, object, environment, signal));
    },
    async checkout(request, { signal }) {
      const { ref, object } = await resolve(request, signal);
      const ingest: Ingest = createIngest(store.paths);
      try {
        const directory = await withObject(request, object, signal, async (gitDir, environment) => {
          const options = {
            ...request,
            object,
            ref,
            subdir: cleanSubdir(request.subdir),
            shownRemote: publicRemote(request.remote),
          };
          return await checkout(gitDir, ingest, options, environment, signal);
        });
        return { directory, [Symbol.dispose]: () => ingest[Symbol.dispose]() };
      } catch (error) {
        ingest[Symbol.dispose]();
        throw error;
      }
    },
    modesIn: (directory, { signal }) => readGitModes(directory, { env, signal }),
  };
}

function isOffline({ remote }: GitRequest): never {
  throw new SlipwayError(
    'REG_OFFLINE',
    `\`${publicRemote(remote)}\` is not in the store, and with \`--offline\` no server is asked`,
    {
      class: 'registry',
      hint: 'build once without `--offline`',
    },
  );
}

function parseResolved(json: Json | undefined): ResolvedRef | undefined {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const { ref, object, peeled } = json as Readonly<Record<string, unknown>>;
  if (typeof ref !== 'string' || typeof object !== 'string' || !isCommit(object)) return undefined;
  return { ref, object, peeled: typeof peeled === 'string' ? peeled : undefined };
}

function byCommit(ref: string, checksum: string | undefined): ResolvedRef {
  if (checksum === undefined || !isCommit(checksum)) {
    throw new SlipwayError('SOURCE_GIT_CHECKSUM', 'fetch-by-commit requires a full commit SHA checksum', {
      hint: 'give all 40 digits of the commit with `commit=`',
    });
  }
  const named = ref === '' ? checksum : ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  return { ref: named, object: checksum, peeled: undefined };
}

/** GitHub's submodules are fetched with the same token; elsewhere it is for the one repository. */
function tokenScope(remote: string): string {
  return ['https://github.com/', 'https://www.github.com/'].find((prefix) => remote.startsWith(prefix)) ?? remote;
}

/** Below the root, whatever it says. */
function cleanSubdir(subdir: string): string {
  const parts: string[] = [];
  for (const part of subdir.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
