import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

// Are the recorded answers in testdata/lint still what BuildKit says? With `SLIPWAY_RECORD=1` they are written anew.

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const isRecording = process.env['SLIPWAY_RECORD'] === '1';
const cases = join(import.meta.dirname, '../../testdata/lint');
const names = readdirSync(cases).flatMap((name) => (name.endsWith('.Dockerfile') ? [name.slice(0, -'.Dockerfile'.length)] : []));
const scratch = mkdtempSync(join(tmpdir(), 'slipway-lint-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Location {
  readonly ranges?: readonly { readonly start: { readonly line?: number } }[];
}

interface Answer {
  readonly warnings: readonly { readonly ruleName: string; readonly detail: string; readonly location: Location }[] | null;
  readonly buildError?: { readonly message: string; readonly location: Location };
}

test.skipIf(peers === '').for(names)('BuildKit says of %s what is recorded', (name) => {
  const context = mkdtempSync(join(scratch, 'context-'));
  copyFileSync(join(cases, `${name}.Dockerfile`), join(context, 'Dockerfile'));
  const ignoreFile = join(cases, `${name}.dockerignore`);
  if (existsSync(ignoreFile)) copyFileSync(ignoreFile, join(context, '.dockerignore'));
  const said = recordOf(ask(context));
  const file = join(cases, `${name}.buildkit.json`);
  if (isRecording) writeFileSync(file, said);
  else expect(JSON.parse(said)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

function ask(context: string): Answer {
  const args = ['buildx', 'build', '--call=check,format=json,ignorestatus=true', '-q', context];
  return JSON.parse(
    execFileSync(join(peers, 'docker'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as Answer;
}

function recordOf({ warnings, buildError }: Answer): string {
  const rows = (warnings ?? []).map(
    ({ ruleName, detail, location }) => `  ${JSON.stringify([ruleName, detail, linesOf(location)])}`,
  );
  const error =
    buildError === undefined ? '' : `,\n "error": ${JSON.stringify([buildError.message, linesOf(buildError.location)])}`;
  return `{"warnings": [${rows.length === 0 ? '' : `\n${rows.join(',\n')}\n`}]${error}}\n`;
}

function linesOf({ ranges = [] }: Location): readonly number[] {
  return ranges.map(({ start }) => start.line ?? 0);
}
