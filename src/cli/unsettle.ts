import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Change what of this process must show in no build, until disposed: umask, time zone, language, current and temporary directory. */
export function unsettle(): Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-elsewhere-'));
  const { env } = process;
  const cwd = process.cwd();
  const umask = process.umask();
  const before = { TZ: env['TZ'], LC_ALL: env['LC_ALL'], TMPDIR: env['TMPDIR'] };
  process.umask(umask === 0o077 ? 0o022 : 0o077);
  process.chdir(directory);
  env['TZ'] = before.TZ === 'Asia/Kathmandu' ? 'UTC' : 'Asia/Kathmandu';
  env['LC_ALL'] = before.LC_ALL === 'C' ? 'C.UTF-8' : 'C';
  env['TMPDIR'] = directory;
  return {
    [Symbol.dispose]() {
      process.umask(umask);
      process.chdir(cwd);
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete env[name];
        else env[name] = value;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
