import { parseDockerfile } from '../dockerfile/index.ts';
import { topological, type Vertex } from '../graph/index.ts';
import { compile } from './compile.ts';
import type { Compiled } from './compiled.ts';
import { createFakeImages, type FakeImages } from './fake-images.ts';
import type { CompileOptions } from './options.ts';

const amd64 = { os: 'linux', architecture: 'amd64' } as const;

/** For tests: compile a Dockerfile that has no mistakes of syntax, with images that don't exist. */
export async function compileText(
  text: string,
  options: Partial<CompileOptions> = {},
  images: FakeImages = createFakeImages(),
): Promise<Compiled> {
  const { file, diagnostics } = parseDockerfile(text, 'Dockerfile');
  const mistake = diagnostics.find(({ severity }) => severity === 'error');
  if (mistake) throw new Error(`the test's Dockerfile: ${mistake.message}`);
  return compile(file, { targetPlatform: amd64, buildPlatform: amd64, ...options }, images, AbortSignal.timeout(10_000));
}

/** What the result needs, in definition order. */
export function vertices({ graph, result }: Compiled): readonly Vertex[] {
  return topological(graph, result);
}

/** What the last RUN runs with. */
export function lastEnv(compiled: Compiled): Readonly<Record<string, string>> {
  const op = vertices(compiled).findLast(({ op: { kind } }) => kind === 'exec')?.op;
  if (op?.kind !== 'exec') throw new Error('no RUN');
  return Object.fromEntries(op.env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
