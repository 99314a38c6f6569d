/** What a device changes in a container. @see Container Device Interface, SPEC.md, "containerEdits" */
export interface CdiEdits {
  readonly env: readonly string[];
  readonly deviceNodes: readonly CdiNode[];
  readonly mounts: readonly CdiMount[];
  readonly hooks: readonly CdiHook[];
  readonly additionalGids: readonly number[];
}

/** What isn't said is that of the machine's own node. */
export interface CdiNode {
  readonly path: string;
  readonly hostPath: string;
  readonly type: 'b' | 'c' | 'u' | 'p' | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly fileMode: number | undefined;
  /** Of `r`, `w` and `m`. */
  readonly permissions: string;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options: readonly string[];
}

interface CdiHook {
  /** `createContainer`: a name of the OCI runtime spec. */
  readonly hookName: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly timeout: number | undefined;
}

export interface CdiDevice {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly edits: CdiEdits;
}

export interface CdiSpec {
  /** `vendor.com/class` */
  readonly kind: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Made once, whichever of the devices are taken. */
  readonly edits: CdiEdits;
  readonly devices: readonly CdiDevice[];
}

/** The specification is not one; says where it goes wrong. */
class BadCdiSpec extends Error {}

const hookNames = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];

/** Read a parsed specification file. What is unknown is refused: half of what a device needs would be worse than none. @throws {BadCdiSpec} */
export function readCdiSpec(value: unknown): CdiSpec {
  const top = new Fields(value, 'the specification');
  const version = top.text('cdiVersion');
  if (!/^v?(?:0\.[1-8]|1\.[01])\.0$/.test(version)) throw new BadCdiSpec(`cdiVersion "${version}" is not known`);
  const kind = top.text('kind');
  if (!isKind(kind)) throw new BadCdiSpec(`kind "${kind}" is not written as vendor.com/class`);
  const spec = {
    kind,
    annotations: annotationsOf(top),
    edits: editsOf(top.take('containerEdits'), 'containerEdits'),
    devices: top.list('devices').map((device, index) => deviceOf(device, `devices[${index}]`)),
  };
  top.end();
  return spec;
}

/** Is it written as `vendor.com/class`? */
export function isKind(text: string): boolean {
  return /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\/[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(text);
}

function deviceOf(value: unknown, place: string): CdiDevice {
  const fields = new Fields(value, place);
  const name = fields.text('name');
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(name))
    throw new BadCdiSpec(`${place}: "${name}" is no name of a device`);
  const device = {
    name,
    annotations: annotationsOf(fields),
    edits: editsOf(fields.take('containerEdits'), `${place}.containerEdits`),
  };
  fields.end();
  return device;
}

function editsOf(value: unknown, place: string): CdiEdits {
  const fields = new Fields(value ?? {}, place);
  const items = <T>(key: string, read: (item: Fields) => T): readonly T[] =>
    fields.list(key).map((item, index) => {
      const each = new Fields(item, `${place}.${key}[${index}]`);
      const made = read(each);
      each.end();
      return made;
    });
  const edits: CdiEdits = {
    env: fields.texts('env'),
    deviceNodes: items('deviceNodes', nodeOf),
    mounts: items('mounts', mountOf),
    hooks: items('hooks', hookOf),
    additionalGids: fields.numbers('additionalGids'),
  };
  fields.end();
  const noName = edits.env.find((item) => !/^[^=]+=/s.test(item));
  if (noName !== undefined) throw new BadCdiSpec(`${place}.env: "${noName}" is not written as NAME=value`);
  return edits;
}

function nodeOf(fields: Fields): CdiNode {
  const path = fields.absolute('path');
  const type = fields.optionalText('type');
  if (type !== undefined && type !== 'b' && type !== 'c' && type !== 'u' && type !== 'p')
    throw new BadCdiSpec(`${fields.place}: "${type}" is no type of a device node`);
  const permissions = fields.optionalText('permissions') ?? 'rwm';
  if (!/^[rwm]+$/.test(permissions)) throw new BadCdiSpec(`${fields.place}: "${permissions}" are no permissions of a device`);
  return {
    path,
    hostPath: fields.optionalText('hostPath') ?? path,
    type,
    major: fields.optionalNumber('major'),
    minor: fields.optionalNumber('minor'),
    fileMode: fields.optionalNumber('fileMode'),
    permissions,
    uid: fields.optionalNumber('uid'),
    gid: fields.optionalNumber('gid'),
  };
}

function mountOf(fields: Fields): CdiMount {
  const type = fields.optionalText('type') ?? 'bind';
  if (type !== 'bind' && type !== '') throw new BadCdiSpec(`${fields.place}: mounts of type "${type}" are not supported`);
  return {
    hostPath: fields.absolute('hostPath'),
    containerPath: fields.absolute('containerPath'),
    options: fields.texts('options'),
  };
}

function hookOf(fields: Fields): CdiHook {
  const hookName = fields.text('hookName');
  if (!hookNames.includes(hookName)) throw new BadCdiSpec(`${fields.place}: "${hookName}" is no hook`);
  return {
    hookName,
    path: fields.absolute('path'),
    args: fields.texts('args'),
    env: fields.texts('env'),
    timeout: fields.optionalNumber('timeout'),
  };
}

function annotationsOf(fields: Fields): Readonly<Record<string, string>> {
  const value = fields.take('annotations');
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadCdiSpec(`${fields.place}: annotations are not a map`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
}

/** An object whose every field has to be asked for. */
class Fields {
  readonly place: string;
  readonly #left: Map<string, unknown>;

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadCdiSpec(`${place} is not a map`);
    this.place = place;
    this.#left = new Map(Object.entries(value));
  }

  take(key: string): unknown {
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value ?? undefined;
  }

  text(key: string): string {
    const value = this.optionalText(key);
    if (value === undefined || value === '') throw new BadCdiSpec(`${this.place} has no ${key}`);
    return value;
  }

  absolute(key: string): string {
    const path = this.text(key);
    if (!path.startsWith('/')) throw new BadCdiSpec(`${this.place}: ${key} "${path}" is not an absolute path`);
    return path;
  }

  optionalText(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'string') return value;
    throw new BadCdiSpec(`${this.place}: ${key} is not a text`);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    throw new BadCdiSpec(`${this.place}: ${key} is not a whole number`);
  }

  list(key: string): readonly unknown[] {
    const value = this.take(key) ?? [];
    if (Array.isArray(value)) return value;
    throw new BadCdiSpec(`${this.place}: ${key} is not a list`);
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((value) => {
      if (typeof value === 'string') return value;
      throw new BadCdiSpec(`${this.place}: ${key} holds something that is no text`);
    });
  }

  numbers(key: string): readonly number[] {
    return this.list(key).map((value) => {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
      throw new BadCdiSpec(`${this.place}: ${key} holds something that is no number`);
    });
  }

  /** Was everything asked for? */
  end(): void {
    const [unknown] = this.#left.keys();
    if (unknown !== undefined) throw new BadCdiSpec(`${this.place}: ${unknown} is not supported`);
  }
}
