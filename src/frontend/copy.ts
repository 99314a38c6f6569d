import { SlipwayError } from '../base/index.ts';
import { type AddInstruction, type CopyInstruction, expandHeredoc, type Heredoc } from '../dockerfile/index.ts';
import type { CopyAction, FileOp } from '../graph/index.ts';
import { Inputs, type Tree } from './draft.ts';
import { parseChmod, parseOwner } from './owner.ts';
import { baseName, copyDest, hasWildcard, joinPath } from './paths.ts';
import { classifySource, gitSource, httpSource, redactUrls } from './remote-source.ts';
import { inlineFile } from './run.ts';
import { commitLayer, draftOf, expand, type Step } from './stage-build.ts';
import { expandedText } from './step-names.ts';
import type { LocalSource } from './trees.ts';

/** One source, ready to be copied. */
interface CopyPart {
  readonly tree: Tree;
  readonly options: Partial<CopyAction> & { readonly src: string };
}

/** COPY and ADD: one file op whose copies follow one another, on the stage's tree or, with `--link`, on its own. */
export function dispatchCopy(step: Step, instruction: CopyInstruction | AddInstruction): void {
  const { build, compilation, at } = step;
  const words = pathSources(step, instruction);
  const dest = expand(step, instruction.dest);
  const owner = instruction.chown ? expand(step, instruction.chown) : '';
  const chmod = instruction.chmod ? expand(step, instruction.chmod) : '';
  const modes = parseChmod(chmod, instruction.chmod?.span ?? at);
  const name = build.steps.next(redactUrls(expandedText(step)), step.isTrigger);
  const parts = [...partsOfPaths(step, instruction, words, name), ...heredocParts(step, instruction)];

  // With --chmod a link would have to know modes it can't see; BuildKit falls back, and so do we.
  const isLink = instruction.link && chmod === '';
  const inputs = new Inputs();
  const base = inputs.indexOf(isLink ? undefined : build.tree);
  const sources = parts.map(({ tree }) => inputs.indexOf(tree));
  const ownerOpt = parseOwner(owner, base, instruction.chown?.span ?? at);
  const actions = parts.map(
    ({ options }, i): CopyAction => ({
      ...plainCopy,
      ...modes,
      owner: ownerOpt,
      excludePatterns: instruction.excludes,
      ...options,
      dest: copyDest(build.config.WorkingDir ?? '/', dest),
      input: i === 0 ? base : inputs.drafts.length + i - 1,
      secondaryInput: sources[i] ?? -1,
      output: i === parts.length - 1 ? 0 : -1,
    }),
  );
  const op: FileOp = { kind: 'file', actions };
  const copied = compilation.drafts.add({ op: () => op, inputs: inputs.drafts, ...draftOf(step, name, true) });
  const result = isLink ? linked(step, copied) : copied;
  commitLayer(build, historyText(instruction, { owner, chmod, words, dest }), result);
}

const plainCopy = {
  action: 'copy',
  followSymlink: false,
  dirCopyContents: false,
  unpackArchives: false,
  createDestPath: true,
  allowWildcard: false,
  allowEmptyWildcard: false,
  includePatterns: [],
  alwaysReplaceExistingDestPaths: false,
  requiredPaths: [],
  timestampNs: -1n,
} as const;

/** All of the only input, as a layer of its own. */
export const copyAll: FileOp = {
  kind: 'file',
  actions: [
    {
      ...plainCopy,
      src: '/',
      dest: '/',
      dirCopyContents: true,
      mode: -1,
      modeStr: '',
      excludePatterns: [],
      input: -1,
      secondaryInput: 0,
      output: 0,
    },
  ],
};

/** The files of the archive `path` of the only input. */
export function unpackArchive(path: string): FileOp {
  const [action] = copyAll.actions;
  return { kind: 'file', actions: [{ ...(action as CopyAction), src: path, dirCopyContents: false, unpackArchives: true }] };
}

function pathSources(step: Step, { sources }: CopyInstruction | AddInstruction): readonly string[] {
  return sources.flatMap((source) => (source.type === 'path' ? [expand(step, source.path)] : []));
}

/** Stack what was copied onto the stage; on an empty stage it is all there is. */
function linked(step: Step, copied: Tree): Tree {
  const { build, compilation } = step;
  if (build.tree === undefined) return copied;
  const inputs = new Inputs();
  const order = [inputs.indexOf(build.tree), inputs.indexOf(copied)];
  const name = build.steps.again(`LINK ${redactUrls(expandedText(step))}`, step.isTrigger);
  return compilation.drafts.add({ op: () => ({ kind: 'merge', inputs: order }), inputs: inputs.drafts, ...draftOf(step, name) });
}

function historyText(
  instruction: CopyInstruction | AddInstruction,
  {
    owner,
    chmod,
    words,
    dest,
  }: { readonly owner: string; readonly chmod: string; readonly words: readonly string[]; readonly dest: string },
): string {
  const flags = [
    ...(instruction.kind === 'copy' && instruction.parents ? ['--parents'] : []),
    ...(owner === '' ? [] : [`--chown=${owner}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
  ];
  const heredocs = instruction.heredocs.map(({ name }) => `<<${name}`);
  return [instruction.kind.toUpperCase(), ...flags, ...words.map(redactUrls), ...heredocs, dest, '# buildkit'].join(' ');
}

function partsOfPaths(
  step: Step,
  instruction: CopyInstruction | AddInstruction,
  words: readonly string[],
  name: string,
): CopyPart[] {
  const kinds = words.map((word) => classifySource(word));
  const checksum = instruction.kind === 'add' && instruction.checksum ? expand(step, instruction.checksum) : '';
  const at = (instruction.kind === 'add' ? instruction.checksum?.span : undefined) ?? step.at;
  if (checksum !== '' && words.length + instruction.heredocs.length !== 1) {
    throw new SlipwayError('FE_BAD_CHECKSUM', "checksum can't be specified for multiple sources", {
      at,
      hint: 'write one ADD for each source',
    });
  }
  if (checksum !== '' && kinds[0] === 'local') {
    throw new SlipwayError('FE_BAD_CHECKSUM', 'checksum requires HTTP(S) or Git sources', { at, hint: 'remove --checksum' });
  }
  let local: { readonly tree: Tree; readonly local: LocalSource | undefined } | undefined;
  return words.map((word, i): CopyPart => {
    const kind = kinds[i] ?? 'local';
    if (kind === 'local') {
      local ??= localTree(step, instruction);
      return localPart(instruction, local, word);
    }
    if (instruction.kind === 'copy') throw notForCopy(kind, step);
    return kind === 'git'
      ? gitSource(step, instruction, word, checksum, name)
      : httpSource(step, instruction, word, checksum, name);
  });
}

function notForCopy(kind: 'git' | 'http', { at }: Step): SlipwayError {
  const what = kind === 'git' ? 'a git ref' : 'a URL';
  return new SlipwayError('FE_REMOTE_COPY', `source can't be ${what} for COPY`, { at, hint: 'use ADD' });
}

function localTree(
  { compilation, at }: Step,
  instruction: CopyInstruction | AddInstruction,
): { readonly tree: Tree; readonly local: LocalSource | undefined } {
  if (instruction.kind === 'copy' && instruction.from) return compilation.from(compilation.origin(instruction.from, true), at);
  const local = compilation.context();
  return { tree: local.draft, local };
}

function localPart(
  instruction: CopyInstruction | AddInstruction,
  { tree, local }: { readonly tree: Tree; readonly local: LocalSource | undefined },
  word: string,
): CopyPart {
  const isParents = instruction.kind === 'copy' && instruction.parents;
  local?.use(isParents ? literalPrefix(word) : word);
  const shared = {
    followSymlink: true,
    dirCopyContents: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    unpackArchives: instruction.kind === 'add' && (instruction.unpack ?? true),
  };
  if (!isParents) return { tree, options: { ...shared, src: joinPath('/', word) } };
  const { root, rest } = pivot(word);
  const isLiteral = !hasWildcard(root) && !hasWildcard(rest);
  return { tree, options: { ...shared, src: root, includePatterns: [rest], requiredPaths: isLiteral ? [rest] : [] } };
}

/** `a/./b/c`: from `/a`, everything that `b/c` matches, under that name. Without `/./` the root is `/`. */
function pivot(word: string): { readonly root: string; readonly rest: string } {
  const at = word.indexOf('/./');
  const [root, rest] = at < 0 ? ['/', word] : [word.slice(0, at), word.slice(at + 3)];
  return { root: joinPath('/', root), rest: joinPath('/', rest).slice(1) };
}

/** What of the context a pattern can reach: `**` crosses directories, which a path to follow can't say. */
function literalPrefix(word: string): string {
  const parts = joinPath('/', word).split('/');
  const wild = parts.findIndex((part) => hasWildcard(part));
  return wild < 0 ? parts.join('/') : parts.slice(0, wild).join('/');
}

function heredocParts(step: Step, { heredocs }: CopyInstruction | AddInstruction): readonly CopyPart[] {
  // Of two with one name the last one's text counts.
  const lastOf = new Map(heredocs.map((heredoc) => [heredoc.name, heredoc]));
  return heredocs.map((heredoc) => heredocPart(step, lastOf.get(heredoc.name) ?? heredoc));
}

function heredocPart(step: Step, heredoc: Heredoc): CopyPart {
  const text = expandHeredoc(heredoc, (name) => step.build.env.get(name), step.compilation.growth).value;
  return { tree: inlineFile(step, heredoc.name, text, 0o644), options: { src: `/${baseName(heredoc.name) || heredoc.name}` } };
}
