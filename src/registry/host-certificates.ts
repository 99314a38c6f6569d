import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotFound, SlipwayError } from '../base/index.ts';

/** Certificates for one host, in PEM. */
export interface HostCertificates {
  /** Authorities that count besides the usual ones. */
  readonly ca: readonly string[];
  /** Who we are, should the host ask; `key` belongs to the `certificate` beside it. */
  readonly clients: readonly { readonly certificate: string; readonly key: string }[];
}

/**
 * What the first of `directories` that has a folder named `host` (`registry.test:5000`) holds for it, as Docker lays it out: `*.crt` are
 * authorities, `NAME.cert` and `NAME.key` are a client's certificate and its key. `undefined`: none has such a folder.
 * @throws {SlipwayError} `REG_BAD_CERTS` a file can't be read, or one of a pair is missing
 */
export async function readHostCertificates(directories: readonly string[], host: string): Promise<HostCertificates | undefined> {
  for (const directory of directories) {
    const folder = join(directory, host);
    const names = await namesIn(folder);
    if (names !== undefined) return await readFolder(folder, names);
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (isNotFound(cause)) return undefined;
    throw unusable(folder, cause);
  }
}

async function readFolder(folder: string, names: readonly string[]): Promise<HostCertificates> {
  const read = async (name: string): Promise<string> => {
    const path = join(folder, name);
    try {
      return await readFile(path, 'latin1');
    } catch (cause) {
      throw unusable(path, cause);
    }
  };
  const ending = (text: string): readonly string[] => names.filter((name) => name.endsWith(text));
  const partner = (name: string, ownEnd: string, otherEnd: string): string => {
    const other = `${name.slice(0, -ownEnd.length)}${otherEnd}`;
    if (names.includes(other)) return other;
    throw new SlipwayError('REG_BAD_CERTS', `\`${join(folder, name)}\` has no \`${other}\` beside it`, {
      hint: 'a client certificate is a pair, NAME.cert and NAME.key; certificates of authorities end in .crt',
    });
  };
  for (const name of ending('.key')) partner(name, '.key', '.cert');
  const clients: { readonly certificate: string; readonly key: string }[] = [];
  for (const name of ending('.cert'))
    clients.push({ key: await read(partner(name, '.cert', '.key')), certificate: await read(name) });
  const ca: string[] = [];
  for (const name of ending('.crt')) ca.push(await read(name));
  return { ca, clients };
}

function unusable(path: string, cause: unknown): SlipwayError {
  return new SlipwayError('REG_BAD_CERTS', `\`${path}\` can't be read: ${(cause as Error).message}`, {
    cause,
    hint: 'make it readable for the user who builds, or move it away',
  });
}
