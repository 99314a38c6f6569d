import { SlipwayError } from '../base/index.ts';
import type { SourceOp } from '../graph/index.ts';
import type { HttpRequest } from '../source/index.ts';
import type { OpsState } from './ports.ts';

/** What an `http://…` or `https://…` source asks for. @see LLB source attributes `http.*` */
export function httpRequest({ identifier, attrs }: SourceOp, { ports }: Pick<OpsState, 'ports'>): HttpRequest {
  return {
    url: identifier,
    filename: attrs['http.filename'],
    checksum: attrs['http.checksum'],
    mode: numberOf(attrs['http.perm']) || 0o600,
    uid: numberOf(attrs['http.uid']),
    gid: numberOf(attrs['http.gid']),
    authorization: authorizationOf(identifier, attrs['http.authheadersecret'], ports.secret),
  };
}

/** `0644` is octal, as in C. */
function numberOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new SlipwayError('OPS_BAD_SOURCE', `a download has the attribute \`${text}\`, which is no number`, { class: 'internal' });
}

/** A secret named after the host is for it alone; the one that an op names must be there. */
function authorizationOf(
  url: string,
  named: string | undefined,
  secret: (id: string) => Uint8Array | undefined,
): string | undefined {
  const text = (id: string): string | undefined => {
    const value = secret(id);
    return value === undefined ? undefined : Buffer.from(value).toString('utf8').trim();
  };
  if (named !== undefined) {
    const value = text(named);
    if (value !== undefined) return value;
    throw new SlipwayError('OPS_NO_SECRET', `secret ${named}: not found`, {
      hint: `a download needs it: pass \`--secret id=${named},src=FILE\``,
    });
  }
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const token = text(`HTTP_AUTH_TOKEN_${hostname}`);
  return token === undefined ? text(`HTTP_AUTH_HEADER_${hostname}`) : `Bearer ${token}`;
}
