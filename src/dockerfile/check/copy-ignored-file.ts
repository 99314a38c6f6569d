import { compilePatterns, parseIgnoreFile, type PathMatcher, SlipwayError } from '../../base/index.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const copyIgnoredFile: Rule = {
  name: 'CopyIgnoredFile',
  phase: 'dispatch',
  description: 'Attempting to COPY file that is excluded by .dockerignore',
  url: pageOf('CopyIgnoredFile'),
  *find({ runs, options }): Generator<Problem> {
    const ignored = ignoredPaths(options.ignoreFile ?? '');
    if (ignored === undefined) return;
    for (const step of runs.flatMap(({ steps }) => steps)) {
      const { instruction, on, expanded } = step;
      if (instruction.kind !== 'copy' && instruction.kind !== 'add') continue;
      if (instruction.kind === 'copy' && instruction.from !== undefined) continue;
      const verb = instruction.kind === 'copy' ? 'Copy' : 'Add';
      for (const source of instruction.sources) {
        if (source.type !== 'path') continue;
        const path = expanded.get(source.path) ?? source.path.text;
        if (isRemote(path) || !ignored(path)) continue;
        const message = `Attempting to ${verb} file "${path}" that is excluded by .dockerignore`;
        yield { message, at: source.path.span, on, when: { step } };
      }
    }
  },
};

/** `undefined` when the file ignores nothing, or takes something back with `!`: then nothing is sure. */
function ignoredPaths(text: string): ((path: string) => boolean) | undefined {
  const lines = parseIgnoreFile(text);
  if (lines.length === 0 || lines.some(({ pattern }) => pattern.startsWith('!'))) return undefined;
  const matcher = tryCompile(lines.map(({ pattern }) => pattern));
  if (matcher === undefined) return undefined;
  const patterns = new Set(lines.map(({ pattern }) => pattern));
  return (path) => {
    if (patterns.has('**')) return true;
    if (path === '.') return patterns.has('*') || patterns.has('**/*');
    return matcher.matches(asBuildKitCompares(path));
  };
}

/** BuildKit compares the text as written, and then its parent directories cleaned: `./a` meets no pattern, `./a/b` one for `a`. */
function asBuildKitCompares(path: string): string {
  const clean = cleaned(path);
  if (path === clean) return path;
  return path.startsWith('/') ? '' : cleaned(path.slice(0, path.lastIndexOf('/')));
}

function tryCompile(patterns: readonly string[]): PathMatcher | undefined {
  try {
    return compilePatterns(patterns);
  } catch (error) {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

function cleaned(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function isRemote(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@)/i.test(path);
}
