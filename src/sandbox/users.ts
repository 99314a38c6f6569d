import { SlipwayError } from '../base/index.ts';

/** Who a process runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary group is always among them. */
  readonly additionalGids: readonly number[];
  readonly home: string;
}

interface PasswdLine {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupLine {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const maxId = 2 ** 31 - 1;

/**
 * What `USER user` means in a root file system whose `/etc/passwd` and `/etc/group` read `passwd` and `group`
 * (undefined: no such file).
 *
 * @throws {SlipwayError} `SANDBOX_UNKNOWN_USER`, `SANDBOX_UNKNOWN_GROUP`, `SANDBOX_BAD_ID`
 */
export function resolveUser(user: string, passwd: string | undefined, group: string | undefined): ProcessUser {
  const users = parsePasswd(passwd ?? '');
  const [userPart = '', groupPart = ''] = user.split(':', 2);
  const given = numericPair(user);
  if (given !== undefined) return named(given.uid, given.gid, [], users);

  const wantedUid = numeric(userPart);
  const line = users.find((each) =>
    userPart === '' ? each.uid === 0 : wantedUid === undefined ? each.name === userPart : each.uid === wantedUid,
  );
  if (line === undefined && userPart !== '' && wantedUid === undefined) {
    throw new SlipwayError('SANDBOX_UNKNOWN_USER', `unable to find user ${userPart}: no matching entries in passwd file`, {
      hint: 'create the user in an earlier RUN, or give numbers: `USER uid:gid`',
    });
  }
  const uid = inRange(line?.uid ?? wantedUid ?? 0);
  const groups = parseGroup(group ?? '');
  if (groupPart !== '') return named(uid, explicitGid(groupPart, groups), [], users);
  const member = line === undefined ? [] : groups.filter(({ members }) => members.includes(line.name)).map(({ gid }) => gid);
  return named(uid, line?.gid ?? 0, member, users);
}

/** Nothing is looked up when nothing is named. */
function numericPair(user: string): { uid: number; gid: number } | undefined {
  if (user === '') return { uid: 0, gid: 0 };
  const parts = user.split(':', 2).map((part) => (part === 'root' ? 0 : numeric(part)));
  const [uid, gid] = parts;
  return uid === undefined || gid === undefined ? undefined : { uid: inRange(uid), gid: inRange(gid) };
}

function explicitGid(wanted: string, groups: readonly GroupLine[]): number {
  const number = numeric(wanted);
  const line = groups.find((each) => (number === undefined ? each.name === wanted : each.gid === number));
  if (line === undefined && number === undefined) {
    throw new SlipwayError('SANDBOX_UNKNOWN_GROUP', `unable to find group ${wanted}: no matching entries in group file`, {
      hint: 'create the group in an earlier RUN, or give numbers: `USER uid:gid`',
    });
  }
  return inRange(line?.gid ?? number ?? 0);
}

function named(uid: number, gid: number, further: readonly number[], users: readonly PasswdLine[]): ProcessUser {
  const home = users.find((each) => each.uid === uid)?.home ?? '';
  return { uid, gid, additionalGids: [...new Set([gid, ...further])], home: home === '' ? '/' : home };
}

function numeric(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function inRange(id: number): number {
  if (id >= 0 && id <= maxId) return id;
  throw new SlipwayError('SANDBOX_BAD_ID', `uids and gids must be in range 0-${maxId}`);
}

function parsePasswd(text: string): PasswdLine[] {
  return lines(text).map(([name = '', , uid, gid, , home = '']) => ({ name, uid: id(uid), gid: id(gid), home }));
}

function parseGroup(text: string): GroupLine[] {
  return lines(text).map(([name = '', , gid, members = '']) => ({ name, gid: id(gid), members: members.split(',') }));
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** A number that cannot be read counts as 0, as the C library has it. */
function id(text: string | undefined): number {
  return numeric(text?.trim() ?? '') ?? 0;
}
