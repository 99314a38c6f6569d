import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRuntimeLog } from './runtime-log.ts';

test('openRuntimeLog() tells the errors of a runtime from its warnings and half-written lines', () => {
  const dir = mkdtempSync(join(tmpdir(), 'log-test-'));
  try {
    const path = join(dir, 'log.json');
    const log = openRuntimeLog(path);
    expect(log.failure()).toBeUndefined();
    appendFileSync(path, '{"level":"warning","msg":"old kernel"}\n{"level":"err');
    expect(log.failure()).toBeUndefined();
    appendFileSync(path, 'or","msg":"no such thing"}\n{"level":"error","msg":"and more"}\n');
    expect(log.failure()).toBe('no such thing; and more');
    expect(log.failure()).toBe('no such thing; and more');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
