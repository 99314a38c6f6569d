import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  compilePatterns,
  decodeFileName,
  type HostPath,
  hostPath,
  isNoFile,
  isNotFound,
  parseIgnoreFile,
  type PatternLine,
  SlipwayError,
} from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { type NamedContext, redactUrls, type SourceContext } from '../frontend/index.ts';
import type { Platform } from '../oci/index.ts';
import type { BuildOptions } from './options.ts';
import { isRemoteContext, sourceOfUrl } from './remote-context.ts';

/** The directories and images that a build may read, by name; `context` is the main one. */
export interface BuildContexts {
  /** The main one, where it is no directory. */
  readonly main: SourceContext | undefined;
  readonly ignorePatterns: readonly string[];
  readonly named: Readonly<Record<string, NamedContext>>;
  /** Where each local context lies. */
  readonly directories: ReadonlyMap<string, HostPath>;
}

export interface ContextRequest {
  /** A directory, or what was fetched. */
  readonly main: string | SourceContext;
  readonly ignoreFile: string | undefined;
  readonly named: Readonly<Record<string, string>>;
  readonly buildArgs?: BuildOptions['buildArgs'] | undefined;
  readonly platform: Platform;
  readonly engine: Engine;
  readonly pull: boolean;
  readonly signal: AbortSignal;
}

/** Look at what was named; nothing is read but ignore files. @throws {SlipwayError} `BUILD_BAD_CONTEXT`, `PATTERN_SYNTAX` */
export function findContexts(request: ContextRequest): BuildContexts {
  const directories = new Map<string, HostPath>();
  const main = typeof request.main === 'string' ? undefined : request.main;
  let ignorePatterns: readonly string[] = [];
  // What was fetched has no ignore file: nobody meant it for this build.
  if (typeof request.main === 'string') {
    const directory = contextDirectory(
      request.main,
      () => `unable to prepare context: path "${request.main as string}" not found`,
    );
    directories.set('context', directory);
    const beside = request.ignoreFile === undefined ? [] : [request.ignoreFile];
    ignorePatterns = readIgnorePatterns([...beside, join(directory, '.dockerignore')]);
  }
  const named: Record<string, NamedContext> = {};
  for (const [name, value] of Object.entries(request.named)) {
    if (name === 'context' || name === 'scratch') {
      throw new SlipwayError('BUILD_BAD_CONTEXT', `\`${name}\` cannot be replaced by a named context`, {
        hint: 'choose another name',
      });
    }
    if (isRemoteContext(value)) {
      named[name] = sourceOfUrl(value, request, { title: `[context ${name}] ${redactUrls(value)}`, isMain: false });
      continue;
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
        if (reference === 'scratch') {
          named[name] = { kind: 'scratch' };
          break;
        }
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
          hint: 'a named context is a directory, docker-image://NAME, oci-layout://PATH, a repository or a web address',
        });
    }
  }
  return { main, ignorePatterns, named, directories };
}

/** @throws {SlipwayError} `BUILD_BAD_CONTEXT` */
export function contextDirectory(path: string, message: () => string): HostPath {
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

/** An ignore file that was read. */
export interface IgnoreFile {
  readonly path: string;
  readonly lines: readonly PatternLine[];
}

/** The first of `files` that exists; a directory of that name is none, as for BuildKit. @throws {SlipwayError} `PATTERN_SYNTAX` at its line */
export function readIgnoreFile(files: readonly string[]): IgnoreFile | undefined {
  for (const path of files) {
    try {
      const lines = parseIgnoreFile(decodeFileName(readFileSync(path)));
      compilePatterns(lines, path); // a mistake is told with its line
      return { path, lines };
    } catch (error) {
      if (!isNoFile(error)) throw error;
    }
  }
  return undefined;
}

function readIgnorePatterns(files: readonly string[]): readonly string[] {
  return readIgnoreFile(files)?.lines.map(({ pattern }) => pattern) ?? [];
}
