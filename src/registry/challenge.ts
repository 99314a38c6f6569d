/** One challenge of a `WWW-Authenticate` header; scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

const maxHeaderLength = 16 * 1024;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const assignment = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
const gap = /[\s,]*/y;

/** Parse all challenges of all headers; stops at the first thing it can't read. @see RFC 9110, section 11.6.1 */
export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap((header) => (header.length > maxHeaderLength ? [] : parseHeader(header)));
}

function parseHeader(header: string): readonly Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(gap);
    if (at >= header.length) return challenges;
    const pair = match(assignment);
    const current = challenges.at(-1);
    if (pair !== null && current !== undefined) {
      const name = (pair[1] ?? '').toLowerCase();
      if (!current.params.has(name)) current.params.set(name, pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? '');
      continue;
    }
    const scheme = pair === null ? match(token) : null;
    if (scheme === null) return challenges;
    challenges.push({ scheme: scheme[0].toLowerCase(), params: new Map() });
  }
}

/** What a server wants before it answers. */
export type Demand =
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | undefined;
      readonly scopes: readonly string[];
      readonly error: string | undefined;
    }
  | { readonly kind: 'basic' };

/** Bearer before Basic; `undefined` when there is neither, or the Bearer realm is no web address. */
export function chooseDemand(challenges: readonly Challenge[]): Demand | undefined {
  for (const { scheme, params } of challenges) {
    if (scheme !== 'bearer') continue;
    const text = params.get('realm') ?? '';
    if (!URL.canParse(text)) continue;
    const realm = new URL(text);
    if ((realm.protocol !== 'https:' && realm.protocol !== 'http:') || realm.username !== '' || realm.password !== '') continue;
    const scopes = (params.get('scope') ?? '').split(/\s+/).filter((scope) => scope !== '');
    return { kind: 'bearer', realm, service: params.get('service'), scopes, error: params.get('error')?.toLowerCase() };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
}
