import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { ChownOpt, Owner } from '../graph/index.ts';

/**
 * `user[:group]`: `root` and numbers are ids, other words are looked up in the tree at `input` when the step runs.
 * An empty text is no owner.
 *
 * @throws {SlipwayError} `FE_OWNER_NAME` a name, where there is no file system to look it up in.
 */
export function parseOwner(text: string, input: number, at: SourceSpan): ChownOpt | undefined {
  if (text === '') return undefined;
  const colon = text.indexOf(':');
  // An empty group behind a colon is group 0, not the user's.
  const [user, group] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1) || '0'];
  const parts = { user: parsePart(user, input, at), group: parsePart(group, input, at) };
  return { ...(parts.user ? { user: parts.user } : {}), ...(parts.group ? { group: parts.group } : {}) };
}

const maxId = 0x7fffffff;

function parsePart(text: string, input: number, at: SourceSpan): Owner | undefined {
  if (text === '') return undefined;
  if (text === 'root') return { kind: 'id', id: 0 };
  if (/^\+?\d+$/.test(text) && Number(text) <= maxId) return { kind: 'id', id: Number(text) };
  if (/^-\d+$/.test(text)) throw new SlipwayError('FE_OWNER_NAME', `\`${text}\` is not a user or group id`, { at });
  if (input < 0) {
    throw new SlipwayError(
      'FE_OWNER_NAME',
      `invalid user index: \`${text}\` can't be looked up, the file system it would be in is empty`,
      {
        at,
        hint: 'write a number, for example 1000:1000; FROM scratch and --link have no /etc/passwd',
      },
    );
  }
  return { kind: 'name', name: text, input };
}

const symbolic = /^[ugoa]*(?:[+=-](?:[ugo]|[rwxXst]*))+(?:,[ugoa]*(?:[+=-](?:[ugo]|[rwxXst]*))+)*$/;

/** An octal mode, or a symbolic one to be applied to each entry; neither is -1 and empty. @throws {SlipwayError} `FE_BAD_CHMOD` */
export function parseChmod(text: string, at: SourceSpan): { readonly mode: number; readonly modeStr: string } {
  if (text === '') return { mode: -1, modeStr: '' };
  if (/^[0-7]+$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return { mode: Number.parseInt(text, 8), modeStr: '' };
  if (symbolic.test(text)) return { mode: -1, modeStr: text };
  throw new SlipwayError(
    'FE_BAD_CHMOD',
    `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    {
      at,
      hint: 'write it as 0644, or as u=rw,go=r',
    },
  );
}
