import { lstatSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { compilePatterns, type HostPath, SlipwayError } from '../base/index.ts';
import { type LayerId, walkTree } from '../layer/index.ts';
import { openLocalContext } from '../source/index.ts';
import { contextDirectory, type IgnoreFile, readIgnoreFile } from './contexts.ts';
import type { BuildOptions } from './options.ts';
import { withEngine } from './with-engine.ts';

/** Which context: the directory, and the Dockerfile whose own ignore file may count. */
export type ContextOptions = Pick<BuildOptions, 'context' | 'file' | 'engine' | 'signal'>;

/** One thing that a COPY can take. */
export interface ContextFile {
  /** Slash-separated, below the context. */
  readonly path: string;
  readonly type: 'file' | 'dir' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';
  readonly sizeBytes: number;
}

export interface ContextListing {
  readonly directory: string;
  /** The ignore file that counts; absent when there is none. */
  readonly ignoreFile?: string;
  /** By path. */
  readonly files: readonly ContextFile[];
  readonly sizeBytes: number;
}

/** What a build would find in a directory. Contents are not read. @throws {SlipwayError} `BUILD_BAD_CONTEXT`, `PATTERN_SYNTAX` */
export async function listContext(options: ContextOptions = {}): Promise<ContextListing> {
  return await withEngine(options, (engine, signal) => {
    const { directory, ignore } = openContext(options);
    const { tree } = openLocalContext({
      store: engine.store,
      directory,
      origin: 'listed' as LayerId,
      ignore: ignore === undefined ? undefined : compilePatterns(ignore.lines),
      signal,
    });
    const files = [...walkTree(tree.root)].map(({ path, node: { entry } }): ContextFile => {
      return { path, type: entry.type, sizeBytes: entry.type === 'file' ? entry.sizeBytes : 0 };
    });
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return Promise.resolve({ directory, ...(ignore === undefined ? {} : { ignoreFile: ignore.path }), files, sizeBytes });
  });
}

/** Whether a build would find a path, and which line of which ignore file says so. */
export interface ContextVerdict {
  readonly path: string;
  readonly isIncluded: boolean;
  /** The ignore file that was asked; absent when there is none. */
  readonly ignoreFile?: string;
  /** The pattern that decided; absent when none applies. `line` is 1-based. */
  readonly decidedBy?: { readonly pattern: string; readonly line: number };
}

/** Say why `path` is in the context or not. @throws {SlipwayError} `BUILD_BAD_CONTEXT` there is nothing at `path` */
export function explainContext(options: ContextOptions & { readonly path: string }): Promise<ContextVerdict> {
  const { directory, ignore } = openContext(options);
  const path = relative(directory, resolve(directory, options.path)).replaceAll('\\', '/');
  if (path === '..' || path.startsWith('../')) {
    throw new SlipwayError('BUILD_BAD_CONTEXT', `\`${options.path}\` is not below the context \`${directory}\``, {
      hint: 'name it as COPY would: from the root of the context',
    });
  }
  if (lstatSync(join(directory, path), { throwIfNoEntry: false }) === undefined)
    throw new SlipwayError('BUILD_BAD_CONTEXT', `the context has no \`${path}\`, ignored or not`, { hint: 'check the path' });
  const matcher = compilePatterns(ignore?.lines ?? []);
  const decided = path === '' ? undefined : matcher.which(path);
  return Promise.resolve({
    path,
    isIncluded: path === '' || !matcher.matches(path),
    ...(ignore === undefined ? {} : { ignoreFile: ignore.path }),
    ...(decided === undefined ? {} : { decidedBy: decided }),
  });
}

function openContext({ context = '.', file }: ContextOptions): {
  readonly directory: HostPath;
  readonly ignore: IgnoreFile | undefined;
} {
  const directory = contextDirectory(context, () => `unable to prepare context: path "${context}" not found`);
  const dockerfile = file === undefined ? join(directory, 'Dockerfile') : resolve(file);
  return { directory, ignore: readIgnoreFile([`${dockerfile}.dockerignore`, join(directory, '.dockerignore')]) };
}
