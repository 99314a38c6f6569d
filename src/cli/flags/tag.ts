/** One value of `--tag`. */
export interface Tag {
  /** The stage whose image it names; `undefined`: that of `--target`. */
  readonly target: string | undefined;
  readonly name: string;
}

/** `NAME`, or `STAGE=NAME`. No image name has a `=` in it. */
export function parseTag(value: string): Tag {
  const equals = value.indexOf('=');
  return equals <= 0
    ? { target: undefined, name: value }
    : { target: value.slice(0, equals).toLowerCase(), name: value.slice(equals + 1) };
}
