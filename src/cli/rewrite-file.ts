import { chmodSync, chownSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { SlipwayError } from '../base/index.ts';

/**
 * Put `after` in the place of the text `before` that was read from `path`: written aside and renamed, so that nobody sees half
 * of it. Links are followed; mode and owner stay.
 *
 * @throws {SlipwayError} `CLI_NOT_WRITTEN` the file holds something else by now, or bytes that `before` could not show
 */
export function rewriteFile(path: string, before: string, after: string): void {
  if (before === after) return;
  const real = realpathSync(path);
  const now = readFileSync(real);
  if (!now.equals(Buffer.from(before))) {
    const isSameText = now.toString('utf8') === before;
    throw isSameText
      ? notWritten(`${path} holds bytes that are not UTF-8, and was left alone`, 'convert the file to UTF-8 first')
      : notWritten(`${path} changed while it was read, and was left alone`, 'run the command again');
  }
  const { mode, uid, gid } = statSync(real);
  const beside = `${real}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, after, { flag: 'wx' });
    chmodSync(beside, mode & 0o7777);
    const made = statSync(beside);
    if (made.uid !== uid || made.gid !== gid) chownSync(beside, uid, gid);
    renameSync(beside, real);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw cause;
  }
}

function notWritten(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_NOT_WRITTEN', message, { hint });
}
