import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatBytes, ifFile, isNotFound, maxDockerfileBytes, readAtMost, reasonOf, SlipwayError } from '../base/index.ts';
import type { InPort } from './io.ts';

/** A Dockerfile that a command reads without building it. */
export interface DockerfileInput {
  /** As the user would name the file; `Dockerfile` for standard input. */
  readonly name: string;
  /** Where it lies; `undefined` for standard input. */
  readonly path: string | undefined;
  readonly text: string;
}

/**
 * Read what `argument` names: a file, a directory with a `Dockerfile`, or `-` for standard input.
 * @throws {SlipwayError} `CLI_NO_DOCKERFILE`
 */
export async function readDockerfile(argument: string, stdin: InPort, cwd: string): Promise<DockerfileInput> {
  if (argument === '-') return { name: 'Dockerfile', path: undefined, text: await readAll(stdin) };
  const isDirectory = statSync(resolve(cwd, argument), { throwIfNoEntry: false })?.isDirectory() === true;
  const names = isDirectory ? [join(argument, 'Dockerfile'), join(argument, 'dockerfile')] : [argument];
  for (const name of names) {
    const path = resolve(cwd, name);
    try {
      return { name, path, text: readBounded(path, name) };
    } catch (error) {
      if (isNotFound(error)) continue;
      if (error instanceof SlipwayError) throw error;
      throw new SlipwayError('CLI_NO_DOCKERFILE', `failed to read dockerfile: open ${name}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
  throw new SlipwayError(
    'CLI_NO_DOCKERFILE',
    `failed to read dockerfile: open ${names[0] ?? argument}: no such file or directory`,
    {
      hint: 'name a Dockerfile, a directory that holds one, or `-` for standard input',
    },
  );
}

/** The ignore file that a build with this Dockerfile would use: its own, else that of its directory. A directory of that name is none, as for BuildKit. */
export function ignoreFileFor({ path }: DockerfileInput): string | undefined {
  if (path === undefined) return undefined;
  for (const candidate of [`${path}.dockerignore`, join(dirname(path), '.dockerignore')]) {
    const text = ifFile(() => readFileSync(candidate, 'utf8'));
    if (text !== undefined) return text;
  }
  return undefined;
}

async function readAll(stdin: InPort): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin.stream()) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > maxDockerfileBytes) throw tooLong('standard input');
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readBounded(path: string, name: string): string {
  const fd = openSync(path, 'r');
  try {
    const text = readAtMost((buffer) => readSync(fd, buffer), maxDockerfileBytes);
    if (text === undefined) throw tooLong(name);
    return text.toString('utf8');
  } finally {
    closeSync(fd);
  }
}

function tooLong(name: string): SlipwayError {
  return new SlipwayError(
    'CLI_NO_DOCKERFILE',
    `failed to read dockerfile: ${name} is longer than ${formatBytes(maxDockerfileBytes)}`,
    { hint: 'is it a Dockerfile?' },
  );
}
