import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trivialProgram } from './probe-program.ts';

test.runIf(process.platform === 'linux' && trivialProgram(process.arch) !== undefined)(
  'trivialProgram() runs here and succeeds',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'probe-test-'));
    try {
      writeFileSync(join(dir, 'true'), trivialProgram(process.arch) ?? '', { mode: 0o755 });
      expect(spawnSync(join(dir, 'true'))).toMatchObject({ status: 0, signal: null });
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

test('trivialProgram() knows no code for other machines', () => {
  expect(trivialProgram('mips')).toBeUndefined();
});
