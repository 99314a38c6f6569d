import { type Scope, SlipwayError } from '../base/index.ts';
import type { SourceOp } from '../graph/index.ts';
import type { Entry, LayerId } from '../layer/index.ts';
import { walkUpper } from '../rootfs/index.ts';
import type { GitRequest } from '../source/index.ts';
import type { SshAgent } from '../ssh/index.ts';
import type { OpsPorts, OpsState } from './ports.ts';
import { agentSocket } from './ssh.ts';

/** What a `git://…` source asks for; the agent it uses is there until `scope` ends. @see LLB source attributes `git.*` */
export async function gitRequest(
  { identifier, attrs }: SourceOp,
  { ports }: { readonly ports: Pick<OpsPorts, 'secret' | 'sshAgent'> },
  scope: Scope,
): Promise<GitRequest> {
  const [place, fragment = ''] = cut(identifier, '#');
  const [ref, subdir = ''] = cut(fragment, ':');
  const remote = remoteOf(attrs['git.fullurl'] ?? place.slice('git://'.length));
  const agent = attrs['git.mountsshsock'];
  return {
    remote,
    ref,
    subdir,
    checksum: attrs['git.checksum'],
    keepGitDir: attrs['git.keepgitdir'] === 'true',
    submodules: attrs['git.skipsubmodules'] !== 'true',
    mtime: attrs['git.mtime'] === 'commit' ? 'commit' : 'checkout',
    fetchByCommit: attrs['git.fetchbycommit'] === 'true',
    authorization: authorizationOf(remote, attrs, ports.secret),
    sshSocket: agent === undefined ? undefined : await agentSocket(agentOf(agent, ports), scope),
    knownHosts: attrs['git.knownsshhosts'],
  };
}

/** A layer of the files that `request` means. Their owner is root, whoever runs the build. */
export async function checkoutLayer(request: GitRequest, { ports }: OpsState, signal: AbortSignal): Promise<LayerId> {
  const { store, git, now } = ports;
  using files = await git.checkout(request, { signal });
  const entries = walkUpper(files.directory, { lowers: [] }).map(ownedByRoot);
  const id = store.layers.newId();
  store.layers.commit({ id, entries, createdAt: new Date(now()).toISOString(), directory: files.directory });
  return id;
}

function ownedByRoot(entry: Entry): Entry {
  return 'uid' in entry ? { ...entry, uid: 0, gid: 0 } : entry;
}

/** Only transports that lead to another machine: a path of this one is none. */
function remoteOf(text: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return /^[^/@\s-][^/@\s]*@[^/:\s]+:/.test(text) ? text : `https://${text}`;
  if (['http', 'https', 'ssh', 'git'].includes(scheme)) return text;
  throw new SlipwayError('OPS_BAD_SOURCE', `a repository is not reached over \`${scheme}\``, {
    hint: 'use https, http, ssh or git',
  });
}

/** The first of these secrets that the build has: for the host alone, then for any. */
function authorizationOf(
  remote: string,
  attrs: SourceOp['attrs'],
  secret: (id: string) => Uint8Array | undefined,
): string | undefined {
  if (!/^https?:/.test(remote)) return undefined;
  const { host } = new URL(remote);
  for (const suffix of [`.${host}`, '']) {
    const header = valueOf(attrs['git.authheadersecret'], suffix, secret);
    if (header !== undefined) return header;
    const token = valueOf(attrs['git.authtokensecret'], suffix, secret);
    if (token !== undefined) return `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  }
  return undefined;
}

function valueOf(name: string | undefined, suffix: string, secret: (id: string) => Uint8Array | undefined): string | undefined {
  const value = name === undefined ? undefined : secret(`${name}${suffix}`);
  return value === undefined ? undefined : Buffer.from(value).toString('utf8').trim();
}

function agentOf(id: string, { sshAgent }: Pick<OpsPorts, 'sshAgent'>): SshAgent {
  const agent = sshAgent(id);
  if (agent !== undefined) return agent;
  throw new SlipwayError('OPS_NO_SSH', `no SSH key "${id}" forwarded from the client`, {
    hint: `the repository is reached over ssh: pass \`--ssh ${id}\`, or \`--ssh ${id}=KEYFILE\``,
  });
}

function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}
