import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type HostPath, isNotFound, SlipwayError } from '../../base/index.ts';
import { joinPath } from '../../layer/index.ts';
import { fsPath, statIfThere } from '../../native/index.ts';
import type { ModeOf } from '../local-context.ts';
import { type IndexEntry, readIndexFile } from './index-file.ts';
import { GitFailure, runGit } from './run-git.ts';

interface WorkTreeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** In the modes of the index. */
const submodule = 0o160000;

/**
 * Modes that are the same in every clone: for a file, what the index of the work tree around `directory` says, or that of a submodule
 * below; for one that git doesn't know 0755 when its owner may execute it, else 0644; for a directory 0755. git is run only for an index
 * of an unusual form.
 *
 * @throws {SlipwayError} `SOURCE_NO_WORK_TREE`, `SOURCE_BAD_INDEX`
 */
export async function readGitModes(directory: HostPath, options: WorkTreeOptions): Promise<ModeOf> {
  const real = realpathSync(directory);
  const root = workTreeAround(real);
  if (root === undefined) {
    throw new SlipwayError(
      'SOURCE_NO_WORK_TREE',
      `\`--context-modes=git\` needs a git work tree, and \`${directory}\` is in none`,
      {
        hint: 'build from a clone, or leave out `--context-modes=git`',
      },
    );
  }
  const tracked = new Map<string, number>();
  await addModes(tracked, { root, prefix: relative(root, real), shownAt: '' }, options);
  return (path, info) => (info.isDirectory() ? 0o755 : (tracked.get(path) ?? plainMode(info.mode)));
}

function plainMode(mode: number): number {
  return (mode & 0o100) === 0 ? 0o644 : 0o755;
}

interface Part {
  readonly root: string;
  /** The directory below `root` that is shown. */
  readonly prefix: string;
  /** Where it is shown. */
  readonly shownAt: string;
}

async function addModes(modes: Map<string, number>, { root, prefix, shownAt }: Part, options: WorkTreeOptions): Promise<void> {
  const begin = prefix === '' ? '' : `${prefix}/`;
  for (const { path, mode, stage } of await indexOf(root, options)) {
    if (!path.startsWith(begin)) continue;
    const shown = joinPath(shownAt, path.slice(begin.length));
    if (mode === submodule) {
      const inner = join(root, path);
      if (gitDirOf(inner) !== undefined && realpathSync(inner) === inner)
        await addModes(modes, { root: inner, prefix: '', shownAt: shown }, options);
    } else if (stage === 0 || stage === 2 || !modes.has(shown)) {
      modes.set(shown, plainMode(mode));
    }
  }
}

function workTreeAround(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (gitDirOf(at) !== undefined) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** The git directory of the work tree at `root`; a file `.git` names one that lies elsewhere. */
function gitDirOf(root: string): string | undefined {
  const path = join(root, '.git');
  const info = statIfThere(path);
  const named = info?.isFile() === true ? /^gitdir: (.+?)\n?$/.exec(readFileSync(fsPath(path), 'utf8'))?.[1] : path;
  if (info === undefined || named === undefined) return undefined;
  const gitDir = resolve(root, named);
  return statIfThere(join(gitDir, 'HEAD')) === undefined ? undefined : gitDir;
}

async function indexOf(root: string, options: WorkTreeOptions): Promise<readonly IndexEntry[]> {
  const gitDir = gitDirOf(root) ?? join(root, '.git');
  let file: Buffer;
  try {
    file = readFileSync(fsPath(join(gitDir, 'index')));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw unusable(root, error);
  }
  return readIndexFile(file) ?? (await askGit(root, gitDir, options));
}

/** No setting of the repository makes git ask a server for what it lacks. */
const offline = ['', '.file', '.git', '.http', '.https', '.ssh'].map((name) => [`protocol${name}.allow`, 'never'] as const);

async function askGit(root: string, gitDir: string, { env, signal }: WorkTreeOptions): Promise<readonly IndexEntry[]> {
  const environment = { config: offline, sshCommand: 'false', env };
  try {
    const printed = await runGit(['ls-files', '--stage', '-z'], environment, { gitDir, workTree: root, signal });
    return printed.split('\0').flatMap(parseLine);
  } catch (error) {
    throw error instanceof GitFailure ? unusable(root, error, error.stderr.trim().split('\n').at(-1)) : error;
  }
}

/** `<mode> <object> <stage>\t<path>`. */
function parseLine(line: string): IndexEntry[] {
  const [, mode, stage, path] = /^(\d+) \w+ (\d)\t(.+)$/s.exec(line) ?? [];
  return path === undefined ? [] : [{ path, mode: Number.parseInt(mode ?? '', 8), stage: Number(stage) }];
}

function unusable(root: string, cause: unknown, words = cause instanceof Error ? cause.message : String(cause)): SlipwayError {
  return new SlipwayError('SOURCE_BAD_INDEX', `cannot read git's index of \`${root}\`: ${words}`, {
    cause,
    hint: 'see what `git status` says there',
  });
}
