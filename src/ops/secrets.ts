import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { type HostPath, hostPath, type Scope, SlipwayError } from '../base/index.ts';
import type { ExecOp, Mount } from '../graph/index.ts';
import { mount, mountFlags, umount } from '../native/index.ts';
import type { Ingest } from '../store/index.ts';
import type { OpsPorts } from './ports.ts';

type SecretMount = Extract<Mount, { type: 'secret' | 'ssh' }>;

/** The secrets that one op was promised, by id. Those that the build doesn't have are absent. */
export function secretsOf(op: ExecOp, ports: Pick<OpsPorts, 'secret'>): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const wanted = [...op.secretEnv.map(({ id }) => id), ...op.mounts.flatMap((each) => (each.type === 'secret' ? [each.id] : []))];
  for (const id of wanted) {
    const value = ports.secret(id);
    if (value !== undefined) found.set(id, value);
  }
  return found;
}

/** `NAME=value` of the secrets that go into the environment; an optional one that is missing is empty. */
export function secretEnvironment(op: ExecOp, secrets: ReadonlyMap<string, Uint8Array>): readonly string[] {
  return op.secretEnv.map(({ id, name, optional }) => {
    const value = secrets.get(id);
    if (value === undefined && !optional) throw noSecret(id);
    return `${name}=${value === undefined ? '' : Buffer.from(value).toString('utf8')}`;
  });
}

/** A file with the secret, on a memory file system of its own that is gone with `scope`. `undefined`: an optional one is missing. */
export function secretFile(
  wanted: SecretMount,
  secrets: ReadonlyMap<string, Uint8Array>,
  name: string,
  { scope, ingest }: { readonly scope: Scope; readonly ingest: Ingest },
): HostPath | undefined {
  const value = secrets.get(wanted.id);
  if (value === undefined) {
    if (wanted.optional) return undefined;
    throw noSecret(wanted.id);
  }
  const folder = ingest.child(`${name}-secret`);
  mkdirSync(folder, { mode: 0o700 });
  mount(
    'tmpfs',
    folder,
    'tmpfs',
    mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec,
    `size=${value.byteLength + 65_536},mode=0700`,
  );
  scope.defer(() => umount(folder, { detach: true }));
  const path = hostPath(`${folder}/secret`);
  writeFileSync(path, value, { mode: 0o600, flag: 'wx' });
  chownSync(path, wanted.uid, wanted.gid);
  chmodSync(path, wanted.mode);
  return path;
}

function noSecret(id: string): SlipwayError {
  return new SlipwayError('OPS_NO_SECRET', `secret ${id}: not found`, {
    hint: `the step needs it: pass \`--secret id=${id},src=FILE\``,
  });
}
