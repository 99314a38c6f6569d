import { SlipwayError } from '../base/index.ts';
import type { AddInstruction } from '../dockerfile/index.ts';
import type { CopyAction, SourceOp } from '../graph/index.ts';
import type { Draft } from './draft.ts';
import { gitOp, isGitUrl, parseGitUrl } from './git-url.ts';
import { baseName } from './paths.ts';
import { draftOf, type Step } from './stage-build.ts';

export type SourceKind = 'git' | 'http' | 'local';

/** What ADD takes an expanded source for. */
export function classifySource(text: string): SourceKind {
  if (isGitUrl(text)) return 'git';
  return /^https?:\/\//.test(text) ? 'http' : 'local';
}

/** `text` without the users and passwords of its URLs. */
export function redactUrls(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*)(:[^\s/@]*)?@/gi,
    (_, scheme: string, user: string, password?: string) =>
      `${scheme}${user === '' ? '' : 'xxxxx'}${password === undefined ? '' : ':xxxxx'}@`,
  );
}

interface RemotePart {
  readonly tree: Draft;
  readonly options: Partial<CopyAction> & { readonly src: string };
}

/** A download. The file's name is the last part of the URL's path. */
export function httpSource(step: Step, { unpack }: AddInstruction, url: string, checksum: string, name: string): RemotePart {
  if (checksum !== '') checkDigest(step, checksum);
  const filename = fileNameOf(url);
  const attrs = { 'http.filename': filename, ...(checksum === '' ? {} : { 'http.checksum': checksum }) };
  const op: SourceOp = { kind: 'source', identifier: url, attrs };
  return { tree: sourceDraft(step, op, name), options: { src: `/${filename}`, unpackArchives: unpack ?? false } };
}

const hexDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** @throws {SlipwayError} `FE_BAD_CHECKSUM` */
function checkDigest(step: Step, checksum: string): void {
  const at = (step.instruction.kind === 'add' ? step.instruction.checksum?.span : undefined) ?? step.at;
  const bad = (message: string): SlipwayError =>
    new SlipwayError('FE_BAD_CHECKSUM', `${message}: \`${checksum}\``, { at, hint: 'write it as sha256:<64 hex digits>' });
  const parts = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([0-9a-zA-Z=_-]+)$/.exec(checksum);
  if (parts === null) throw bad('invalid checksum digest format');
  const digits = Object.hasOwn(hexDigits, parts[1] ?? '') ? hexDigits[parts[1] ?? ''] : undefined;
  if (digits === undefined) throw bad('unsupported digest algorithm');
  if (parts[2]?.length !== digits) throw bad('invalid checksum digest length');
  if (!/^[0-9a-f]+$/.test(parts[2])) throw bad('invalid checksum digest format');
}

function fileNameOf(url: string): string {
  try {
    return baseName(decodeURIComponent(new URL(url).pathname)) || '__unnamed__';
  } catch {
    return '__unnamed__'; // The download itself will say what is wrong with the URL.
  }
}

/** A checkout; its files are copied, not the directory. */
export function gitSource(step: Step, { keepGitDir }: AddInstruction, text: string, checksum: string, name: string): RemotePart {
  const git = parseGitUrl(text, step.at);
  if (keepGitDir !== undefined && git.keepGitDir !== undefined && keepGitDir !== git.keepGitDir) {
    throw new SlipwayError('FE_BAD_GIT_URL', 'inconsistent keep-git-dir configuration', {
      at: step.at,
      hint: 'set it in the flag or in the URL, not in both',
    });
  }
  if (checksum !== '' && !/^[0-9a-f]{7,64}$/.test(checksum)) {
    throw new SlipwayError('FE_BAD_CHECKSUM', `invalid checksum ${checksum}, expected hex commit hash`, { at: step.at });
  }
  if (checksum !== '' && git.checksum !== '' && checksum !== git.checksum) {
    throw new SlipwayError('FE_BAD_CHECKSUM', `checksum mismatch "${checksum}" != "${git.checksum}"`, { at: step.at });
  }
  const op = gitOp(git, { keepGitDir: keepGitDir ?? git.keepGitDir ?? false, checksum: checksum || git.checksum });
  return { tree: sourceDraft(step, op, name), options: { src: '/', dirCopyContents: true } };
}

function sourceDraft(step: Step, op: SourceOp, name: string): Draft {
  return step.compilation.drafts.add({ op: () => op, inputs: [], ...draftOf(step, name) });
}
