import { readFile } from 'node:fs/promises';
import { SlipwayError } from '../base/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ExtraRoots {
  /** Node's own roots and the extra ones; absent when there are no extra ones. */
  readonly ca?: readonly string[];
  /** Variables that name a file which can't be read, with the reason. */
  readonly unread: readonly string[];
}

/** In the order they are read. Only the first is ours, so only it must be right. */
const variables = ['SLIPWAY_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] as const;

/**
 * The certificates that `SLIPWAY_EXTRA_CA_CERTS`, `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE` add to Node's roots.
 * @throws {SlipwayError} `REG_BAD_CA` the file of `SLIPWAY_EXTRA_CA_CERTS` can't be read or holds no certificate
 */
export async function readExtraRoots(env: Environment): Promise<ExtraRoots> {
  const extra: string[] = [];
  const unread: string[] = [];
  const paths = new Set<string>();
  for (const variable of variables) {
    const path = env[variable];
    if (path === undefined || path === '' || paths.has(path)) continue;
    paths.add(path);
    try {
      const found = certificatesIn(await readFile(path, 'latin1'));
      if (found.length === 0) throw new Error('it holds no certificate in PEM form');
      extra.push(...found);
    } catch (cause) {
      const why = `\`${variable}\` names \`${path}\`, which can't be used: ${(cause as Error).message}`;
      if (variable === 'SLIPWAY_EXTRA_CA_CERTS') {
        throw new SlipwayError('REG_BAD_CA', why, { cause, hint: 'name a file of PEM certificates, or unset the variable' });
      }
      unread.push(why);
    }
  }
  if (extra.length === 0) return { unread };
  const { rootCertificates } = await import('node:tls');
  return { ca: [...new Set([...rootCertificates, ...extra])], unread };
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? [];
}
