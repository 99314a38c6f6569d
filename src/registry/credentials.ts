/** What to log in with. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An OAuth refresh token: exchanged for a bearer token at the registry's token service. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** A bearer token, sent as it is. */
  | { readonly kind: 'registry-token'; readonly token: string }
  /** There should have been some, but they couldn't be had: asked anonymously; `why` is shown when that is denied. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * Credentials for a registry, named as in a reference (`docker.io`, `localhost:5000`). Asked once for each host and
 * repository, and only after the registry wanted to know who we are.
 */
export type CredentialSource = (host: string, repository: string) => Promise<Credentials | undefined>;

export const anonymous: CredentialSource = () => Promise.resolve(undefined);

/** `Authorization` of the Basic scheme. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
