import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killInit, readInitProcess, startTicksOf } from './container-state.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'state-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('readInitProcess()', () => {
  test.for([
    ['runc', 'state.json', '{"id":"x","init_process_pid":42,"init_process_start":4711}'],
    ['crun', 'status', '{"pid":42,"process-start-time":4711,"bundle":"/b"}'],
  ] as const)('reads the state of %s', ([, file, text]) => {
    expect(readInitProcess(dir)).toBeUndefined();
    writeFileSync(join(dir, file), text.slice(0, 20));
    expect(readInitProcess(dir)).toBeUndefined();
    writeFileSync(join(dir, file), text);
    expect(readInitProcess(dir)).toEqual({ pid: 42, startTicks: 4711 });
  });

  test('ignores a state without a process', () => {
    writeFileSync(join(dir, 'state.json'), '{"init_process_pid":-1,"init_process_start":0}');
    expect(readInitProcess(dir)).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux')('killInit()', () => {
  test('kills the process it means and no later one with its number', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const startTicks = startTicksOf(pid) ?? 0;
    const exited = once(child, 'exit');
    killInit({ pid, startTicks: startTicks + 1 });
    expect(startTicksOf(pid)).toBe(startTicks);
    killInit({ pid, startTicks });
    expect(await exited).toEqual([null, 'SIGKILL']);
    killInit({ pid, startTicks });
    expect(startTicksOf(pid)).toBeUndefined();
  });
});
