/** One flag of a command: what the parser and `--help` need to know. */
export interface Flag {
  /** `list` may be given several times; of the others the last one counts. */
  readonly kind: 'bool' | 'string' | 'list';
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  /** One line for `--help`; a flag without it is hidden. */
  readonly about?: string;
  /** Known, but refused when it asks for something: this release can't do it. */
  readonly later?: true;
  /** Values of a `later` flag that ask for nothing and are accepted. */
  readonly harmless?: readonly string[];
  /** Accepted without effect; a text is told to the user. */
  readonly ignored?: true | string;
}

export type FlagTable = Readonly<Record<string, Flag>>;

type NamesOf<T extends FlagTable, Kind extends Flag['kind']> = {
  [N in keyof T]: T[N]['kind'] extends Kind ? N : never;
}[keyof T] &
  string;

/** The flags of one command line, by their long names. */
export interface Flags<T extends FlagTable> {
  /** The last value given. */
  text(name: NamesOf<T, 'string'>): string | undefined;
  /** Every value given, in order. */
  list(name: NamesOf<T, 'list'>): readonly string[];
  isOn(name: NamesOf<T, 'bool'>): boolean;
  /** Was it on the command line, whatever its value? */
  isGiven(name: keyof T & string): boolean;
}
