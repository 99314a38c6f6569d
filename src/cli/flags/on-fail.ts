import { resolve } from 'node:path';
import { SlipwayError } from '../../base/index.ts';
import type { FailedExport } from '../ports.ts';

/** Read values of `--on-fail export=PATH[:DEST]`. @throws {SlipwayError} `CLI_BAD_ON_FAIL` */
export function parseOnFail(values: readonly string[], cwd: string): readonly FailedExport[] | undefined {
  return values.length === 0 ? undefined : values.map((value) => parseExport(value, cwd));
}

function parseExport(value: string, cwd: string): FailedExport {
  const [, path = '', dest] = /^export=([^:]+)(?::(.+))?$/.exec(value) ?? [];
  if (path === '') {
    throw new SlipwayError('CLI_BAD_ON_FAIL', `invalid value "${value}" for --on-fail`, {
      hint: 'write it as `--on-fail export=PATH` or `--on-fail export=PATH:DEST`',
    });
  }
  if (dest === undefined) return { path };
  return { path, dest: dest.endsWith('/') ? `${resolve(cwd, dest)}/` : resolve(cwd, dest) };
}
