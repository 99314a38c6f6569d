import { readFileSync } from 'node:fs';
import type { HostPath } from '../base/index.ts';
import { fsPath, resolveInRoot, statIfThere } from '../native/index.ts';
import { type ProcessUser, resolveUser } from './users.ts';

const maxFileBytes = 10 << 20;

/** Look a user up in the passwd and group files of a mounted root file system. @throws {SlipwayError} those of `resolveUser` */
export function resolveUserIn(root: HostPath, user: string): Pick<ProcessUser, 'uid' | 'gid' | 'additionalGids'> {
  const { uid, gid, additionalGids } = resolveUser(user, textOf(root, '/etc/passwd'), textOf(root, '/etc/group'));
  return { uid, gid, additionalGids };
}

function textOf(root: HostPath, path: string): string | undefined {
  const host = resolveInRoot(root, path);
  const info = statIfThere(host);
  return info?.isFile() === true && info.size <= maxFileBytes ? readFileSync(fsPath(host), 'utf8') : undefined;
}
