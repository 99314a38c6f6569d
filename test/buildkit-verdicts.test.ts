import { expect, test } from 'vitest';
import { type BaseImage, format, parseDockerfile } from '../src/dockerfile/index.ts';
import { verdictOf } from '../src/frontend/index.ts';
import { digestOf } from '../src/oci/index.ts';
import { linesOfVerdict, type VerdictCase, verdictCases } from './support/verdict-cases.ts';

// Every case of testdata/lint: rules, mistakes, their words and their lines are those of `docker build --call=check`.

const cases = verdictCases();
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const amd64 = { os: 'linux', architecture: 'amd64' } as const;

function envOf(reference: string): readonly string[] {
  return reference.includes('/node') || reference.startsWith('node')
    ? ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_VERSION=20']
    : [path];
}

async function verdict({ dockerfile, ignoreFile }: VerdictCase): Promise<readonly string[]> {
  const { findings, told } = await verdictOf(
    parseDockerfile(dockerfile, 'Dockerfile'),
    {
      rules: { ignoreFile, baseImage: (name): BaseImage => ({ env: envOf(name), platform: 'linux/amd64' }) },
      options: { targetPlatform: amd64, buildPlatform: amd64 },
      ports: {
        contextTime: () => Promise.resolve(undefined),
        resolveImage: async (reference, platform) => ({
          identifier: `docker-image://${reference}`,
          digest: digestOf(reference),
          config: { platform, config: { Env: envOf(reference) }, diffIds: [digestOf(reference)], history: [], unknown: {} },
        }),
      },
    },
    new AbortController().signal,
  );
  const warnings = findings.map(({ rule, message, lines }) => ({ rule, message, lines: numbers(lines) }));
  return linesOfVerdict({ warnings, error: told && { message: told.message, lines: told.lines ? numbers(told.lines) : [] } });
}

function numbers({ first, last }: { readonly first: number; readonly last: number }): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Where BuildKit tells no place, ours may tell one. */
function comparable(lines: readonly string[], recorded: readonly string[]): readonly string[] {
  const isPlaceless = recorded.at(-1)?.startsWith('error - ') === true;
  return isPlaceless ? lines.map((line) => line.replace(/^error \S+ /, 'error - ')) : lines;
}

test('the recorded verdicts are where we think they are', () => {
  expect(cases.length).toBeGreaterThan(950);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test.for(cases)('BuildKit and we say the same of $name', async (each) => {
  const wanted = each.slipway ?? each.buildkit;
  expect(comparable(await verdict(each), wanted)).toEqual(wanted);
});

test.for(cases.filter(({ slipway }) => slipway !== undefined))('what we say of $name does differ', ({ slipway, buildkit }) => {
  expect(slipway).not.toEqual(buildkit);
});

test.for(cases)('what is laid out anew of $name says the same, and is laid out', async (each) => {
  const text = each.dockerfile.toString('utf8');
  const { text: once, isChanged } = format(text);
  expect(format(once).text).toBe(once);
  if (!isChanged || each.buildkit.some((line) => line.includes('NoEmptyContinuation'))) return;
  const withoutPlaces = (lines: readonly string[]): readonly string[] =>
    lines
      .filter((line) => !/Casing: /.test(line))
      .map((line) =>
        line
          .replace(/^(\w+) \S+/, '$1')
          .replace(/on line \d+/, 'on line')
          .toLowerCase(),
      )
      .sort();
  const after = await verdict({ ...each, dockerfile: Buffer.from(once) });
  expect(withoutPlaces(after)).toEqual(withoutPlaces(await verdict(each)));
});
