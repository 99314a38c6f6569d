import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { linesOfVerdict, type VerdictCase, verdictCases, withAnswers } from '../support/verdict-cases.ts';

// Are the recorded answers in testdata/lint still what BuildKit says? With `SLIPWAY_RECORD=1` they are written anew.

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const isRecording = process.env['SLIPWAY_RECORD'] === '1';
const cases = verdictCases();
const scratch = mkdtempSync(join(tmpdir(), 'slipway-lint-'));
const heard = new Map<string, readonly string[]>();

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  if (!isRecording) return;
  for (const path of new Set(cases.map((each) => each.path))) writeFileSync(path, withAnswers(path, heard));
});

interface Location {
  readonly ranges?: readonly { readonly start: { readonly line?: number } }[];
}

interface Answer {
  readonly warnings: readonly { readonly ruleName: string; readonly detail: string; readonly location: Location }[] | null;
  readonly buildError?: { readonly message: string; readonly location: Location };
}

test.skipIf(peers === '').for(cases)('BuildKit says of $name what is recorded', (each) => {
  const { warnings, buildError } = ask(each);
  const said = linesOfVerdict({
    warnings: (warnings ?? []).map(({ ruleName, detail, location }) => ({
      rule: ruleName,
      message: detail,
      lines: linesOf(location),
    })),
    error: buildError && { message: buildError.message, lines: linesOf(buildError.location) },
  });
  heard.set(each.name, said);
  if (!isRecording) expect(said).toEqual(each.buildkit);
});

function ask({ dockerfile, ignoreFile }: VerdictCase): Answer {
  const context = mkdtempSync(join(scratch, 'context-'));
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  if (ignoreFile !== undefined) writeFileSync(join(context, '.dockerignore'), ignoreFile);
  const args = ['buildx', 'build', '--call=check,format=json,ignorestatus=true', '-q', context];
  // Its exit code tells of mistakes.
  const { stdout } = spawnSync(join(peers, 'docker'), args, { encoding: 'utf8' });
  return JSON.parse(stdout) as Answer;
}

function linesOf({ ranges = [] }: Location): readonly number[] {
  return ranges.map(({ start }) => start.line ?? 0);
}
