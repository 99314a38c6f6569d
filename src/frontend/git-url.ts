import { SlipwayError, type SourceSpan } from '../base/index.ts';

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
}

const scp = /^(?:[A-Za-z0-9_.-]+@)[A-Za-z0-9_.-]+:(?!\/\/)/;

/** Does ADD take `text` for a repository? `github.com/…` without a scheme is a path there. */
export function isGitUrl(text: string): boolean {
  if (/^(?:git|ssh):\/\//.test(text)) return true;
  if (/^https?:\/\//.test(text)) return (text.split(/[?#]/)[0] ?? '').endsWith('.git');
  return scp.test(text);
}

/** @throws {SlipwayError} `FE_BAD_GIT_URL` */
export function parseGitUrl(text: string, at: SourceSpan): GitUrl {
  const [beforeHash, fragment = ''] = cut(text, '#');
  const [remote, query = ''] = cut(beforeHash, '?');
  const options = readQuery(query, at);
  const [fragmentRef, fragmentSubdir = ''] = cut(fragment, ':');
  if (fragmentRef !== '' && options.ref !== '') throw bad('ref conflicts', at);
  if (fragmentSubdir !== '' && options.subdir !== '') throw bad('subdir conflicts', at);
  return {
    ...splitRemote(remote, at),
    remote,
    ...options,
    ref: fragmentRef || options.ref,
    subdir: fragmentSubdir || options.subdir,
  };
}

function splitRemote(remote: string, at: SourceSpan): Pick<GitUrl, 'scheme' | 'host' | 'path'> {
  const url = /^(git|ssh|https?):\/\/(?:[^/@]*@)?([^/]+)(\/.*)$/.exec(remote);
  if (url) return { scheme: url[1] as GitUrl['scheme'], host: url[2] ?? '', path: url[3] ?? '' };
  const short = /^(?:[^@]*@)([^:]+):(.+)$/.exec(remote);
  if (short) return { scheme: 'ssh', host: short[1] ?? '', path: `/${(short[2] ?? '').replace(/^\//, '')}` };
  throw bad(`\`${remote}\` is not the URL of a repository`, at);
}

type QueryOptions = Pick<GitUrl, 'ref' | 'subdir' | 'checksum' | 'keepGitDir' | 'submodules'>;

const knownKeys = ['ref', 'branch', 'tag', 'subdir', 'commit', 'checksum', 'submodules', 'keep-git-dir'];

function readQuery(query: string, at: SourceSpan): QueryOptions {
  const values = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [rawKey, rawValue] = cut(pair, '=');
    const key = decode(rawKey, at);
    if (!knownKeys.includes(key)) throw bad(`unexpected query "${key}"`, at);
    if (values.has(key)) throw bad(`query "${key}" has multiple values`, at);
    if (rawValue === undefined && key !== 'submodules' && key !== 'keep-git-dir') throw bad(`query "${key}" has no value`, at);
    values.set(key, rawValue === undefined ? 'true' : decode(rawValue, at));
  }
  const flag = (key: string): boolean | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    throw bad(`query "${key}" must be true or false, not \`${value}\``, at);
  };
  const [branch, tag, ref] = ['branch', 'tag', 'ref'].map((key) => values.get(key));
  if (branch !== undefined && tag !== undefined) throw bad('branch conflicts with tag', at);
  const named = branch === undefined ? (tag === undefined ? undefined : `refs/tags/${tag}`) : `refs/heads/${branch}`;
  if (named !== undefined && ref !== undefined) throw bad('ref conflicts', at);
  return {
    ref: named ?? ref ?? '',
    subdir: values.get('subdir') ?? '',
    checksum: values.get('commit') ?? values.get('checksum') ?? '',
    keepGitDir: flag('keep-git-dir'),
    submodules: flag('submodules') ?? true,
  };
}

function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function decode(text: string, at: SourceSpan): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SlipwayError('FE_BAD_GIT_URL', `the query \`${text}\` is not encoded well`, { at, cause });
  }
}

function bad(message: string, at: SourceSpan): SlipwayError {
  return new SlipwayError('FE_BAD_GIT_URL', message, {
    at,
    hint: 'write it as https://host/path.git?branch=…&subdir=… or https://host/path.git#ref:subdir',
  });
}
