import { SlipwayError } from '../../base/index.ts';

/** What a name means in a repository now. */
export interface ResolvedRef {
  /** `refs/heads/main`, `refs/tags/v1`; a commit for one that was named by its digest. */
  readonly ref: string;
  /** The commit, or the tag object of an annotated tag. */
  readonly object: string;
  /** The commit that an annotated tag is for. */
  readonly peeled: string | undefined;
}

export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** The arguments for the one question that answers every ref; an empty one is the default branch. */
export function refQuestion(ref: string): readonly string[] {
  return ref === '' ? ['ls-remote', '--symref', '--', 'origin', 'HEAD'] : ['ls-remote', '--', 'origin', ref, `${ref}^{}`];
}

/** Read the answer: a full name first, then branches, then tags. @throws {SlipwayError} `SOURCE_GIT_NO_REF` */
export function readRefs(answer: string, wanted: string): ResolvedRef {
  const objects = new Map<string, string>();
  let head: string | undefined;
  for (const line of answer.split('\n')) {
    const [left = '', name = ''] = line.split('\t');
    if (left.startsWith('ref: ')) head = name === 'HEAD' ? left.slice('ref: '.length) : head;
    else if (isCommit(left)) objects.set(name, left);
  }
  const names = wanted === '' ? ['HEAD'] : candidates(wanted);
  for (const ref of names) {
    const object = objects.get(ref);
    if (object === undefined) continue;
    const named = ref === 'HEAD' ? (head ?? ref) : ref;
    return { ref: named, object, peeled: objects.get(`${ref}^{}`) };
  }
  throw new SlipwayError('SOURCE_GIT_NO_REF', `repository does not contain ref ${wanted === '' ? 'HEAD' : wanted}`, {
    hint: /^[0-9a-f]{4,39}$/.test(wanted)
      ? 'a commit is named by all of its 40 digits'
      : 'name a branch, a tag, or a commit by its 40 digits',
  });
}

function candidates(wanted: string): readonly string[] {
  const without = (prefix: string): string => (wanted.startsWith(prefix) ? wanted.slice(prefix.length) : wanted);
  return [`refs/${without('refs/')}`, `refs/heads/${without('refs/heads/')}`, `refs/tags/${without('refs/tags/')}`];
}

/** @throws {SlipwayError} `SOURCE_GIT_BAD_REF` names that no git accepts, or that it would take for an option */
export function checkRef(ref: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  if (!ref.startsWith('-') && !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/$|\.lock$|^\/|\/\//.test(ref)) return;
  throw new SlipwayError('SOURCE_GIT_BAD_REF', `invalid git ref \`${ref}\``, { hint: 'name a branch, a tag or a commit' });
}

/** @throws {SlipwayError} `SOURCE_GIT_CHECKSUM` unless `checksum`, perhaps shortened, names the object or the commit behind it */
export function checkCommit(checksum: string | undefined, { object, peeled }: ResolvedRef): void {
  if (checksum === undefined || object.startsWith(checksum) || peeled?.startsWith(checksum) === true) return;
  const got = peeled === undefined ? object : `${object} or ${peeled}`;
  throw new SlipwayError('SOURCE_GIT_CHECKSUM', `expected checksum to match ${checksum}, got ${got}`, {
    hint: 'the branch or tag has moved: look at what changed before you change the checksum',
  });
}
