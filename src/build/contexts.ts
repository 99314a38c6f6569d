import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  compilePatterns,
  decodeFileName,
  type HostPath,
  hostPath,
  isNotFound,
  parseIgnoreFile,
  SlipwayError,
} from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import type { NamedContext } from '../frontend/index.ts';
import type { Platform } from '../oci/index.ts';

/** The directories and images that a build may read, by name; `context` is the main one. */
export interface BuildContexts {
  readonly ignorePatterns: readonly string[];
  readonly named: Readonly<Record<string, NamedContext>>;
  /** Where each local context lies. */
  readonly directories: ReadonlyMap<string, HostPath>;
}

export interface ContextRequest {
  /** A directory; `undefined` for a build that has no files. */
  readonly main: string;
  readonly ignoreFile: string | undefined;
  readonly named: Readonly<Record<string, string>>;
  readonly platform: Platform;
  readonly engine: Engine;
  readonly pull: boolean;
  readonly signal: AbortSignal;
}

/** Look at what was named; nothing is read but ignore files. @throws {SlipwayError} `BUILD_BAD_CONTEXT`, `PATTERN_SYNTAX` */
export function findContexts(request: ContextRequest): BuildContexts {
  const main = contextDirectory(request.main, () => `unable to prepare context: path "${request.main}" not found`);
  const ignorePatterns = readIgnorePatterns([
    ...(request.ignoreFile === undefined ? [] : [request.ignoreFile]),
    join(main, '.dockerignore'),
  ]);
  const directories = new Map([['context', main]]);
  const named: Record<string, NamedContext> = {};
  for (const [name, value] of Object.entries(request.named)) {
    if (name === 'context' || name === 'scratch') {
      throw new SlipwayError('BUILD_BAD_CONTEXT', `\`${name}\` cannot be replaced by a named context`, {
        hint: 'choose another name',
      });
    }
    const scheme = /^([a-z0-9+.-]+):\/\//i.exec(value)?.[1]?.toLowerCase();
    switch (scheme) {
      case undefined: {
        const directory = contextDirectory(value, () => `named context \`${name}\`: no directory \`${value}\``);
        const patterns = readIgnorePatterns([join(directory, '.dockerignore')]);
        directories.set(name, directory);
        named[name] = { kind: 'local', name, ignorePatterns: patterns };
        break;
      }
      case 'docker-image': {
        const reference = value.slice('docker-image://'.length);
        named[name] = { kind: 'image', image: () => request.engine.images.resolve(reference, request.platform, request) };
        break;
      }
      case 'oci-layout': {
        const location = value.slice('oci-layout://'.length);
        named[name] = { kind: 'image', image: () => request.engine.images.resolveLayout(location, request.platform, request) };
        break;
      }
      default:
        throw new SlipwayError('BUILD_BAD_CONTEXT', `unsupported context source ${scheme} for ${name}`, {
          hint: 'a named context is a directory, docker-image://NAME or oci-layout://PATH',
        });
    }
  }
  return { ignorePatterns, named, directories };
}

function contextDirectory(path: string, message: () => string): HostPath {
  const directory = hostPath(resolve(path));
  const hint = 'name a directory that exists, `.` for the current one';
  try {
    if (statSync(directory).isDirectory()) return directory;
  } catch (error) {
    if (isNotFound(error)) throw new SlipwayError('BUILD_BAD_CONTEXT', message(), { hint });
    throw error;
  }
  throw new SlipwayError('BUILD_BAD_CONTEXT', `unable to prepare context: \`${path}\` is not a directory`, { hint });
}

/** The patterns of the first of `files` that exists. */
function readIgnorePatterns(files: readonly string[]): readonly string[] {
  for (const file of files) {
    try {
      const lines = parseIgnoreFile(decodeFileName(readFileSync(file)));
      compilePatterns(lines, file); // a mistake is told with its line
      return lines.map(({ pattern }) => pattern);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return [];
}
