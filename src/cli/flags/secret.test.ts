import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseSecrets } from './secret.ts';

const cwd = mkdtempSync(join(tmpdir(), 'slipway-secret-'));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, 'key'), 'k');
writeFileSync(join(cwd, 'a,b'), 'k');
const env = { TOKEN: 't' };

test.for([
  ['id=x,src=key', { x: { file: join(cwd, 'key') } }],
  ['id=x,source=key', { x: { file: join(cwd, 'key') } }],
  ['id=x,type=file,src=key', { x: { file: join(cwd, 'key') } }],
  ['id=x,"src=a,b"', { x: { file: join(cwd, 'a,b') } }],
  ['id=x,env=TOKEN', { x: { env: 'TOKEN' } }],
  ['id=x,type=env,src=TOKEN', { x: { env: 'TOKEN' } }],
  ['id=TOKEN', { TOKEN: { env: 'TOKEN' } }],
  ['id=key', { key: { file: join(cwd, 'key') } }],
] as const)('CLI-04 parseSecrets() reads `%s`', ([value, expected]) => {
  expect(parseSecrets([value], env, cwd)).toEqual(expected);
});

test.for([
  ['id', "invalid field 'id' must be a key=value pair"],
  ['src=key', 'secret missing ID'],
  ['id=x,scr=key', "unexpected key 'scr' in 'scr=key'"],
  ['id=x,type=vault', 'unsupported secret type "vault"'],
  ['id=x,src=nope', 'failed to stat nope: no such file or directory'],
  ['id=x,src=.', '`.` is not a file'],
] as const)('CLI-04 parseSecrets() refuses `%s`', ([value, message]) => {
  expect(() => parseSecrets([value], env, cwd)).toThrow(expect.objectContaining({ code: 'CLI_BAD_SECRET', message }) as Error);
});
