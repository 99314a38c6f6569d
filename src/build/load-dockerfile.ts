import { closeSync, openSync, readSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { formatBytes, isNotFound, maxDockerfileBytes, readAtMost, reasonOf, SlipwayError } from '../base/index.ts';
import { type Diagnostic, type Dockerfile, parseDockerfile } from '../dockerfile/index.ts';
import { DockerfileError } from './dockerfile-error.ts';
import type { BuildOptions } from './options.ts';

export interface LoadedDockerfile {
  readonly file: Dockerfile;
  readonly warnings: readonly Diagnostic[];
  readonly sizeBytes: number;
  readonly source: Uint8Array;
  /** The ignore file that stands beside it, if there is one: it wins over the context's own. */
  readonly ignoreFile: string | undefined;
}

/**
 * Read and parse the Dockerfile that `options` name.
 * @throws {DockerfileError} with every mistake in it. @throws {SlipwayError} `BUILD_NO_DOCKERFILE`
 */
export function loadDockerfile(options: Pick<BuildOptions, 'dockerfile' | 'file'>, context: string): LoadedDockerfile {
  return parseLoaded(readDockerfile(options, context));
}

/** @throws {DockerfileError} */
export function parseLoaded({ name, path, text }: DockerfileSource): LoadedDockerfile {
  const { file, diagnostics } = parseDockerfile(text, name);
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
  if (first !== undefined) throw new DockerfileError([first, ...others]);
  return {
    file,
    warnings: diagnostics.filter(({ severity }) => severity === 'warning'),
    sizeBytes: text.byteLength,
    source: text,
    ignoreFile: path === undefined ? undefined : `${path}.dockerignore`,
  };
}

/** The text that `options` name, unread. @throws {SlipwayError} `BUILD_NO_DOCKERFILE` */
export function readDockerfile(options: Pick<BuildOptions, 'dockerfile' | 'file'>, context: string): DockerfileSource {
  return options.dockerfile === undefined ? readFile(options.file, context) : inMemory(options.dockerfile);
}

export interface DockerfileSource {
  readonly name: string;
  readonly path: string | undefined;
  readonly text: Uint8Array;
}

function inMemory(text: string): DockerfileSource {
  return { name: 'Dockerfile', path: undefined, text: new TextEncoder().encode(text) };
}

function readFile(named: string | undefined, context: string): DockerfileSource {
  const candidates = named === undefined ? [join(context, 'Dockerfile'), join(context, 'dockerfile')] : [resolve(named)];
  for (const path of candidates) {
    try {
      const text = readBounded(path);
      if (text === undefined) throw dockerfileTooLong(named ?? basename(path));
      return { name: basename(path), path, text };
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      if (!isNotFound(error)) {
        throw new SlipwayError(
          'BUILD_NO_DOCKERFILE',
          `failed to read dockerfile: open ${named ?? basename(path)}: ${reasonOf(error)}`,
          {
            cause: error,
          },
        );
      }
    }
  }
  throw new SlipwayError(
    'BUILD_NO_DOCKERFILE',
    `failed to read dockerfile: open ${named ?? 'Dockerfile'}: no such file or directory`,
    {
      hint: `looked for ${candidates.map((path) => `\`${path}\``).join(' and ')}; name another file with \`-f FILE\``,
    },
  );
}

function readBounded(path: string): Uint8Array | undefined {
  const fd = openSync(path, 'r');
  try {
    return readAtMost((buffer) => readSync(fd, buffer), maxDockerfileBytes);
  } finally {
    closeSync(fd);
  }
}

export function dockerfileTooLong(name: string): SlipwayError {
  return new SlipwayError(
    'BUILD_NO_DOCKERFILE',
    `failed to read dockerfile: ${name} is longer than ${formatBytes(maxDockerfileBytes)}`,
    { hint: 'is it a Dockerfile? Name another file with `-f FILE`' },
  );
}
