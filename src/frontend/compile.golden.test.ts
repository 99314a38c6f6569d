import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../dockerfile/index.ts';
import { type Edge, printGraph, topological } from '../graph/index.ts';
import { parsePlatform } from '../oci/index.ts';
import { compile } from './compile.ts';
import type { Compiled } from './compiled.ts';
import { createFakeImages } from './fake-images.ts';
import type { CompileOptions, NamedContext } from './options.ts';

const root = new URL('../../testdata/frontend/', import.meta.url);
const cases = readdirSync(root).sort();

interface WrittenOptions
  extends Pick<CompileOptions, 'target' | 'buildArgs' | 'labels' | 'ignorePatterns' | 'network' | 'noCache'> {
  readonly targetPlatform?: string;
  readonly buildPlatform?: string;
  readonly contexts?: Readonly<
    Record<string, Extract<NamedContext, { kind: 'local' }> | { readonly kind: 'image'; readonly of: string }>
  >;
}

const images = createFakeImages();

const amd64 = { os: 'linux', architecture: 'amd64' };

function readOptions(dir: URL): CompileOptions {
  const path = new URL('options.json', dir);
  const { contexts = {}, ...written }: WrittenOptions = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as WrittenOptions)
    : {};
  const targetPlatform = parsePlatform(written.targetPlatform ?? 'linux/amd64', amd64);
  const named = Object.entries(contexts).map(([name, context]): [string, NamedContext] => [
    name,
    context.kind === 'local' ? context : { kind: 'image', image: async () => images.image(context.of, targetPlatform) },
  ]);
  return {
    ...written,
    contexts: Object.fromEntries(named),
    targetPlatform,
    buildPlatform: parsePlatform(written.buildPlatform ?? 'linux/amd64', amd64),
  };
}

/** Everything but the ops: edges as the numbers they have in graph.txt. */
function printImage(compiled: Compiled): string {
  const numbers = new Map(topological(compiled.graph, compiled.result).map(({ digest }, i) => [digest, `#${i}`]));
  const number = (edge: Edge | undefined): string => (edge ? (numbers.get(edge.vertex) ?? 'unused') : 'scratch');
  const { history, ...image } = compiled.image;
  const members = {
    ...image,
    history: history.map(({ createdBy, emptyLayer, vertex }) => (emptyLayer ? createdBy : `${number(vertex)} ${createdBy}`)),
    stages: compiled.stages.map(({ displayName, isTarget, result, vertices }) => {
      const own = vertices.map((digest) => number({ vertex: digest, output: 0 })).join(' ');
      return `${isTarget ? '*' : ' '} ${displayName}: ${own} -> ${number(result)}`;
    }),
    skippedStages: compiled.skippedStages.map(({ name, line }) => `${name}, line ${line}`),
    ignoreCache: [...compiled.ignoreCache].map((digest) => numbers.get(digest)),
    warnings: compiled.warnings.map(({ rule, message }) => `${rule}: ${message}`),
  };
  return `${JSON.stringify(members, undefined, 2)}\n`;
}

test('the frontend corpus is where we think it is', () => expect(cases.length).toBeGreaterThanOrEqual(25));

test.for(cases)('compile() %s', async (name) => {
  const dir = new URL(`${name}/`, root);
  const { file, diagnostics } = parseDockerfile(readFileSync(new URL('Dockerfile', dir), 'utf8'), 'Dockerfile');
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const compiled = await compile(file, readOptions(dir), images, AbortSignal.timeout(10_000));
  await expect(printGraph(compiled.graph, compiled.result, compiled.names)).toMatchFileSnapshot(
    new URL('graph.txt', dir).pathname,
  );
  await expect(printImage(compiled)).toMatchFileSnapshot(new URL('image.json', dir).pathname);
});
