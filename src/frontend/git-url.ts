import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { SourceOp } from '../graph/index.ts';
import { joinPath } from './paths.ts';

/** A repository and what of it is wanted. */
export interface GitUrl {
  /** The URL to fetch, without fragment and query. */
  readonly remote: string;
  readonly scheme: 'git' | 'ssh' | 'http' | 'https';
  readonly host: string;
  /** Path on the host, with its slash. */
  readonly path: string;
  readonly ref: string;
  readonly subdir: string;
  readonly checksum: string;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean;
  readonly mtime: 'checkout' | 'commit' | undefined;
  /** Take the checksum for the commit, whatever the ref is now. */
  readonly fetchByCommit: boolean;
}

const scp = /^(?:[A-Za-z0-9_.-]+@)[A-Za-z0-9_.-]+:(?!\/\/)/;

/** Does ADD take `text` for a repository? `github.com/…` without a scheme is a path there. */
export function isGitUrl(text: string): boolean {
  if (/^(?:git|ssh):\/\//.test(text)) return true;
  if (/^https?:\/\//.test(text)) return (text.split(/[?#]/)[0] ?? '').endsWith('.git');
  return scp.test(text);
}

/** @throws {SlipwayError} `FE_BAD_GIT_URL` */
export function parseGitUrl(text: string, at: SourceSpan | undefined): GitUrl {
  const [beforeHash, fragment = ''] = cut(text, '#');
  const [remote, query = ''] = cut(beforeHash, '?');
  const options = readQuery(query, at);
  const [fragmentRef, rawSubdir = ''] = cut(fragment, ':');
  const fragmentSubdir = joinPath('/', rawSubdir).slice(1);
  if (contradict(fragmentRef, options.ref)) throw bad(`ref conflicts: "${fragmentRef}" vs "${options.ref}"`, at);
  if (contradict(fragmentSubdir, options.subdir)) throw bad(`subdir conflicts: "${fragmentSubdir}" vs "${options.subdir}"`, at);
  return {
    ...splitRemote(remote, at),
    remote,
    ...options,
    ref: fragmentRef || options.ref,
    subdir: fragmentSubdir || options.subdir,
  };
}

/** The source op of a repository. @see LLB source attributes `git.*` */
export function gitOp(
  git: GitUrl,
  { keepGitDir, checksum }: { readonly keepGitDir: boolean; readonly checksum: string },
): SourceOp {
  const fragment = git.subdir === '' ? git.ref : `${git.ref}:${git.subdir}`;
  return {
    kind: 'source',
    identifier: `git://${git.host}${git.path}${fragment === '' ? '' : `#${fragment}`}`,
    attrs: {
      'git.authheadersecret': 'GIT_AUTH_HEADER',
      'git.authtokensecret': 'GIT_AUTH_TOKEN',
      'git.fullurl': git.remote,
      ...(checksum === '' ? {} : { 'git.checksum': checksum }),
      ...(keepGitDir ? { 'git.keepgitdir': 'true' } : {}),
      ...(git.submodules ? {} : { 'git.skipsubmodules': 'true' }),
      ...(git.mtime === undefined ? {} : { 'git.mtime': git.mtime }),
      ...(git.fetchByCommit ? { 'git.fetchbycommit': 'true' } : {}),
      ...(git.scheme === 'ssh' ? { 'git.mountsshsock': 'default' } : {}),
    },
  };
}

function contradict(one: string, other: string): boolean {
  return one !== '' && other !== '' && one !== other;
}

function splitRemote(remote: string, at: SourceSpan | undefined): Pick<GitUrl, 'scheme' | 'host' | 'path'> {
  const url = /^(git|ssh|https?):\/\/(?:[^/@]*@)?([^/]+)(\/.*)$/.exec(remote);
  if (url) return { scheme: url[1] as GitUrl['scheme'], host: url[2] ?? '', path: url[3] ?? '' };
  const short = /^(?:[^@]*@)([^:]+):(.+)$/.exec(remote);
  if (short) return { scheme: 'ssh', host: short[1] ?? '', path: `/${(short[2] ?? '').replace(/^\//, '')}` };
  throw bad(`\`${remote}\` is not the URL of a repository`, at);
}

type QueryOptions = Omit<GitUrl, 'remote' | 'scheme' | 'host' | 'path'>;

const flagKeys = ['submodules', 'keep-git-dir', 'fetch-by-commit'];
const knownKeys = ['ref', 'branch', 'tag', 'subdir', 'commit', 'checksum', 'mtime', ...flagKeys];

function readQuery(query: string, at: SourceSpan | undefined): QueryOptions {
  const values = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [rawKey, rawValue] = cut(pair, '=');
    const key = decode(rawKey, at);
    if (!knownKeys.includes(key)) throw bad(`unexpected query "${key}"`, at);
    if (values.has(key)) throw bad(`query "${key}" has multiple values`, at);
    const value = decode(rawValue ?? '', at);
    if (value === '' && !flagKeys.includes(key)) throw bad(`query "${key}" has no value`, at);
    values.set(key, value === '' ? 'true' : value);
  }
  const flag = (key: string): boolean | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    throw bad(`invalid ${key} value: "${value}"`, at);
  };
  const [branch, tag, ref] = ['branch', 'tag', 'ref'].map((key) => values.get(key));
  if (branch !== undefined && tag !== undefined) throw bad('branch conflicts with tag', at);
  const named = tag === undefined ? (branch === undefined ? '' : prefixed('refs/heads/', branch)) : prefixed('refs/tags/', tag);
  if (contradict(ref ?? '', named)) throw bad(`ref conflicts: "${ref}" vs "${named}"`, at);
  const mtime = values.get('mtime');
  if (mtime !== undefined && mtime !== 'checkout' && mtime !== 'commit')
    throw bad(`invalid mtime value: "${mtime}" (must be "checkout" or "commit")`, at);
  return {
    ref: ref ?? named,
    subdir: values.get('subdir') ?? '',
    checksum: values.get('commit') ?? values.get('checksum') ?? '',
    keepGitDir: flag('keep-git-dir'),
    submodules: flag('submodules') ?? true,
    mtime,
    fetchByCommit: flag('fetch-by-commit') ?? false,
  };
}

function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function decode(text: string, at: SourceSpan | undefined): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SlipwayError('FE_BAD_GIT_URL', `the query \`${text}\` is not encoded well`, { at, cause });
  }
}

function bad(message: string, at: SourceSpan | undefined): SlipwayError {
  return new SlipwayError('FE_BAD_GIT_URL', message, {
    at,
    hint: 'write it as https://host/path.git?branch=…&subdir=… or https://host/path.git#ref:subdir',
  });
}
