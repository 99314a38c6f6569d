import { lchownSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { hostPath, isNodeError, SlipwayError } from '../base/index.ts';
import { fsPath, resolveInRoot } from '../native/index.ts';
import type { SandboxProcess } from './ports.ts';

/**
 * Make the working directory where the root file system lacks it, 0755 and owned by the user of the process. One below a mount
 * is left to the runtime.
 *
 * @throws {SlipwayError} `SANDBOX_BAD_DIRECTORY` something else is in its way
 */
export function makeWorkingDirectory({ root, cwd, uid, gid, mounts }: SandboxProcess): void {
  const own = ['/proc', '/dev', '/sys', ...mounts.map(({ destination }) => destination)];
  if (own.some((mounted) => cwd === mounted || cwd.startsWith(`${mounted}/`))) return;
  const path = resolveInRoot(hostPath(root), cwd);
  try {
    const missing: string[] = [];
    for (let at: string = path; !isDirectory(at); at = dirname(at)) missing.unshift(at);
    for (const made of missing) {
      mkdirSync(fsPath(made), 0o755);
      lchownSync(fsPath(made), uid, gid);
    }
  } catch (cause) {
    if (!isNodeError(cause) || (cause.code !== 'EEXIST' && cause.code !== 'ENOTDIR')) throw cause;
    throw new SlipwayError('SANDBOX_BAD_DIRECTORY', `the working directory \`${cwd}\` is not a directory`, {
      class: 'step',
      cause,
    });
  }
}

function isDirectory(path: string): boolean {
  return statSync(fsPath(path), { throwIfNoEntry: false })?.isDirectory() === true;
}
