import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearest, SlipwayError } from '../../base/index.ts';
import type { Secret } from '../ports.ts';
import { parseCsv } from './csv.ts';

const keys = ['id', 'src', 'source', 'env', 'type'];

/**
 * Read `id=X[,src=PATH][,env=NAME][,type=file|env]`. An id alone names a variable, if there is one, else a file.
 * @throws {SlipwayError} `CLI_BAD_SECRET`
 */
export function parseSecrets(
  values: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Readonly<Record<string, Secret>> | undefined {
  if (values.length === 0) return undefined;
  return Object.fromEntries(values.map((value) => parseSecret(value, env, cwd)));
}

function parseSecret(value: string, env: Readonly<Record<string, string | undefined>>, cwd: string): readonly [string, Secret] {
  const fields = new Map<string, string>();
  for (const field of parseCsv(value, '--secret')) {
    const equals = field.indexOf('=');
    if (equals < 0) throw bad(`invalid field '${field}' must be a key=value pair`);
    const key = field.slice(0, equals).toLowerCase();
    if (!keys.includes(key)) {
      const near = nearest(key, keys);
      throw bad(`unexpected key '${key}' in '${field}'`, near === undefined ? undefined : `did you mean \`${near}\`?`);
    }
    fields.set(key === 'source' ? 'src' : key, field.slice(equals + 1));
  }
  const id = fields.get('id');
  if (id === undefined || id === '') throw bad('secret missing ID');
  return [id, secretOf(id, fields, env, cwd)];
}

function secretOf(
  id: string,
  fields: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Secret {
  const type = fields.get('type') ?? '';
  const src = fields.get('src');
  const name = fields.get('env');
  if (type !== '' && type !== 'file' && type !== 'env') throw bad(`unsupported secret type "${type}"`);
  if (type === 'env') return { env: name ?? src ?? id };
  if (name !== undefined) return { env: name };
  if (src === undefined && type === '' && env[id] !== undefined) return { env: id };
  const file = resolve(cwd, src ?? id);
  if (!existsSync(file)) throw bad(`failed to stat ${src ?? id}: no such file or directory`);
  if (!statSync(file).isFile()) throw bad(`\`${src ?? id}\` is not a file`);
  return { file };
}

function bad(message: string, hint = 'write it as id=ID,src=FILE or id=ID,env=NAME'): SlipwayError {
  return new SlipwayError('CLI_BAD_SECRET', message, { hint });
}
