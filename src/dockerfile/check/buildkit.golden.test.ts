import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { checkDockerfile, violation } from './check.ts';
import type { BaseImage } from './rule.ts';

// Each case is a Dockerfile, and what `docker buildx build --call=check,format=json` said of it.

const root = fileURLToPath(new URL('../../../testdata/lint/', import.meta.url));
const names = readdirSync(root).flatMap((name) => (name.endsWith('.Dockerfile') ? [name.slice(0, -'.Dockerfile'.length)] : []));

interface Recorded {
  readonly warnings: readonly (readonly [rule: string, detail: string, lines: readonly number[]])[];
  readonly error?: readonly [message: string, lines: readonly number[]];
}

const images: Readonly<Record<string, BaseImage>> = {
  node: { env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_VERSION=20'] },
};
const plain: BaseImage = { env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] };

test('the corpus of recorded checks is where we think it is', () => {
  expect(names.length).toBeGreaterThan(100);
});

test.for(names)('checkDockerfile() says of %s what BuildKit says', (name) => {
  const recorded = JSON.parse(readFileSync(`${root}${name}.buildkit.json`, 'utf8')) as Recorded;
  const ignoreFile = `${root}${name}.dockerignore`;
  const parsed = parseDockerfile(readFileSync(`${root}${name}.Dockerfile`), 'Dockerfile');
  const mistake = parsed.diagnostics.find(({ severity }) => severity === 'error');
  if (mistake !== undefined) {
    expect(recorded.error?.[0]).toBeDefined();
    return;
  }
  const check = () =>
    checkDockerfile(parsed, {
      baseImage: (image) => images[image.split(':')[0] ?? ''] ?? plain,
      ignoreFile: existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : undefined,
    });
  if (recorded.error !== undefined && recorded.error[0].startsWith('failed to parse check options')) {
    expect(check).toThrow(recorded.error[0].split(': strconv')[0]);
    return;
  }
  const { findings, isError } = check();
  const said = findings.map(({ rule, message, lines }) => [rule, message, range(lines.first, lines.last)]);
  expect(said).toEqual(recorded.warnings);
  const other = recorded.error !== undefined && !recorded.error[0].startsWith('lint violation');
  if (!other) expect(isError ? violation(findings)?.message : undefined).toBe(recorded.error?.[0]);
});

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
