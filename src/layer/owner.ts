/** A user or group by number, or by a name to look up. The `Owner` of a file op fits. */
export type OwnerName = { readonly kind: 'id'; readonly id: number } | { readonly kind: 'name'; readonly name: string };

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** The account files of the destination; absent where there are none. */
export interface AccountFiles {
  readonly passwd?: string | undefined;
  readonly group?: string | undefined;
}

/**
 * The numbers of `--chown`. A user name that is not found is 0. Without a group, and with one whose name is not found, a user
 * given by number lends its number, one given by name its primary group.
 */
export function lookupOwner(
  owner: { readonly user?: OwnerName | undefined; readonly group?: OwnerName | undefined },
  files: AccountFiles,
): OwnerIds {
  const { user, group } = owner;
  let ids: OwnerIds = { uid: 0, gid: 0 };
  if (user?.kind === 'id') ids = { uid: user.id, gid: user.id };
  else if (user !== undefined) ids = lookupUser(files.passwd ?? '', user.name) ?? ids;
  if (group?.kind === 'id') return { uid: ids.uid, gid: group.id };
  if (group !== undefined) return { uid: ids.uid, gid: lookupGroup(files.group ?? '', group.name) ?? ids.gid };
  return ids;
}

/** The ids of the first line of a passwd file for `name`. */
function lookupUser(passwd: string, name: string): OwnerIds | undefined {
  const fields = findLine(passwd, name);
  const uid = parseId(fields?.[2]);
  const gid = parseId(fields?.[3]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** The id of the first line of a group file for `name`. */
function lookupGroup(group: string, name: string): number | undefined {
  return parseId(findLine(group, name)?.[2]);
}

function findLine(text: string, name: string): string[] | undefined {
  for (const line of text.split('\n')) {
    const fields = line.trim().split(':');
    if (fields[0] === name && fields.length >= 3) return fields;
  }
  return undefined;
}

function parseId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
