/**
 * The bytes of a JSON document as the field's tools, which are written in Go, write it: these characters are always escaped. Equal
 * documents then have equal digests, whoever wrote them.
 *
 * @param indent blanks for each level; 0 is one line
 */
export function fieldJson(value: unknown, indent: number): Uint8Array {
  const text = JSON.stringify(value, undefined, indent);
  const escaped = text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return new TextEncoder().encode(escaped);
}
