import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { toSlipwayError } from './errors.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('toSlipwayError() says in words what is wrong with a file, and that it is no fault of ours', () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-fault-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const loop = join(dir, 'loop');
  symlinkSync('loop', loop);
  expect(toSlipwayError(thrownBy(() => readFileSync(dir)))).toMatchObject({
    code: 'FILE_FAULT',
    class: 'input',
    message: expect.stringMatching(/is a directory$/),
  });
  expect(toSlipwayError(thrownBy(() => readFileSync(loop)))).toMatchObject({
    code: 'FILE_FAULT',
    class: 'input',
    message: `${loop}: too many levels of symbolic links`,
  });
});

test.for([
  [{ code: 'EPERM', syscall: 'rename', path: '/a.tmp', dest: '/a' }, '/a: operation not permitted', 'permission'],
  [{ code: 'EMFILE', syscall: 'open', path: '/a' }, '/a: too many open files', 'resource'],
] as const)('toSlipwayError() names the file and who has to act: %j', ([fields, message, errorClass]) => {
  const error = Object.assign(new Error('x'), fields);
  expect(toSlipwayError(error)).toMatchObject({ code: 'FILE_FAULT', message, class: errorClass, cause: error });
});

test('toSlipwayError() takes no refused connection and no missing file for a fault of a file', () => {
  for (const fields of [
    { code: 'EACCES', syscall: 'connect' },
    { code: 'ENOENT', syscall: 'open', path: '/a' },
  ])
    expect(toSlipwayError(Object.assign(new Error('x'), fields))).toMatchObject({ code: 'INTERNAL_ERROR' });
});
