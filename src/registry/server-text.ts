const maxLength = 500;

/** Text that a server chose, made fit for a terminal: one line, no control characters, bounded, `secrets` masked. */
export function serverText(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, '***');
  // oxlint-disable-next-line no-control-regex -- terminal escapes are the point
  clean = clean.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean;
}

/** A URL for messages: no user, no query (both may carry secrets). */
export function publicUrl(url: URL): string {
  return serverText(`${url.protocol}//${url.host}${url.pathname}`);
}

export interface ErrorBody {
  readonly codes: readonly string[];
  /** `CODE: message; …`, empty when the body says nothing useful. */
  readonly text: string;
}

/** Read the distribution spec's `{"errors":[{code, message, detail}]}`; other bodies only lend a short plain text. */
export function parseErrorBody(bytes: Uint8Array, contentType: string, secrets: readonly string[]): ErrorBody {
  const text = new TextDecoder().decode(bytes);
  try {
    const raw = JSON.parse(text) as { errors?: unknown; error_description?: unknown; details?: unknown; message?: unknown };
    if (Array.isArray(raw?.errors)) {
      const errors = raw.errors
        .slice(0, 10)
        .map((each: unknown) => (typeof each === 'object' && each !== null ? (each as Record<string, unknown>) : {}));
      const codes = errors.map((each) => each['code']).filter((code) => typeof code === 'string');
      const lines = errors.map((each) =>
        [each['code'], each['message']].filter((part) => typeof part === 'string' && part !== '').join(': '),
      );
      return { codes, text: serverText(lines.filter((line) => line !== '').join('; '), secrets) };
    }
    for (const plain of [raw?.error_description, raw?.details, raw?.message]) {
      if (typeof plain === 'string') return { codes: [], text: serverText(plain, secrets) };
    }
  } catch {
    if (contentType.startsWith('text/plain')) return { codes: [], text: serverText(text, secrets) };
  }
  return { codes: [], text: '' };
}
