import { nearest, SlipwayError, type SourceSpan } from '../base/index.ts';
import { parseCsv } from './csv.ts';
import type { MountField, RawMount, Word } from './instruction.ts';

interface FileInfo {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** One `--mount` of RUN, variables expanded. Targets are as written: relative ones belong to WORKDIR. */
export type RunMount =
  | {
      readonly type: 'bind';
      readonly target: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly isReadonly: boolean;
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly isReadonly: boolean;
      /** Default: the cleaned target. */
      readonly id: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      /** `undefined` when none of the three is given; the others then have their defaults 0755, 0, 0. */
      readonly info: FileInfo | undefined;
    }
  /** `sizeBytes` 0: no limit. */
  | { readonly type: 'tmpfs'; readonly target: string; readonly isReadonly: boolean; readonly sizeBytes: number }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Where the file goes; `undefined` when the secret is only wanted as a variable. */
      readonly target: string | undefined;
      readonly env: string | undefined;
      readonly isRequired: boolean;
      readonly info: FileInfo;
    }
  /** `target` `undefined`: the place of the n-th ssh mount. */
  | {
      readonly type: 'ssh';
      readonly id: string;
      readonly target: string | undefined;
      readonly isRequired: boolean;
      readonly info: FileInfo;
    };

type MountType = RunMount['type'];

const types: readonly MountType[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const sharings = ['shared', 'private', 'locked'] as const;
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const keys =
  'type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env'.split(' ');

/**
 * Split the value of `--mount` into fields. Only `from` is checked; the rest waits for `parseMount`.
 *
 * @throws {SlipwayError} `DF_BAD_CSV`, `DF_FROM_VARIABLE`
 */
export function splitMount(value: Word): RawMount {
  const fields = parseCsv(value.text, value.span).map((field): MountField => {
    const equals = field.indexOf('=');
    if (equals < 0) return { key: field.toLowerCase(), value: undefined };
    return { key: field.slice(0, equals).toLowerCase(), value: field.slice(equals + 1) };
  });
  const from = fields.findLast((field) => field.key === 'from')?.value;
  const dollar = from?.indexOf('$') ?? -1;
  if (dollar >= 0 && dollar !== (from?.length ?? 0) - 1) {
    throw new SlipwayError('DF_FROM_VARIABLE', "'from' doesn't support variable expansion, define alias stage instead", {
      at: value.span,
      hint: 'write `FROM <image with variables> AS <name>` above and `from=<name>` here',
    });
  }
  return { text: value.text, fields, from: from === '' ? undefined : from, span: value.span };
}

/** What the fields say, before defaults. */
interface Draft {
  type: MountType;
  from?: string;
  source?: string;
  target?: string;
  id?: string;
  env?: string;
  isReadonly?: boolean;
  isRequired?: boolean;
  sizeBytes?: number;
  sharing?: (typeof sharings)[number];
  mode?: number;
  uid?: number;
  gid?: number;
}

/**
 * Make a typed mount of the fields of one `--mount`. Fields are checked in order: `type` must stand before `size` and
 * `required`. `expand` is called for every value but that of `from`.
 *
 * @throws {SlipwayError} `DF_BAD_MOUNT`, at the mount; and what `expand` throws.
 */
export function parseMount(raw: RawMount, expand: (value: string) => string): RunMount {
  const draft: Draft = { type: 'bind' };
  for (const field of raw.fields) {
    const value = field.value === undefined || field.key === 'from' ? field.value : expand(field.value);
    readField(draft, field, value, raw.span);
  }
  return finish(draft, raw.span);
}

function bad(message: string, at: SourceSpan, hint?: string): SlipwayError {
  return new SlipwayError('DF_BAD_MOUNT', message, { at, hint });
}

function readField(draft: Draft, { key, value: written }: MountField, value: string | undefined, at: SourceSpan): void {
  const name = (Object.hasOwn(aliases, key) ? aliases[key] : undefined) ?? key;
  if (value === undefined) return readBareWord(draft, name, key, at);
  switch (name) {
    case 'type':
      draft.type = oneOf(value, types, 'mount type', at);
      break;
    case 'sharing':
      draft.sharing = oneOf(value, sharings, 'sharing value', at);
      break;
    case 'from':
    case 'source':
    case 'target':
    case 'id':
    case 'env':
      draft[name] = value;
      break;
    case 'readonly':
      draft.isReadonly = boolOf(key, value, at);
      break;
    case 'readwrite':
      draft.isReadonly = !boolOf(key, value, at);
      break;
    case 'required':
      requireType(draft, key, ['secret', 'ssh'], at);
      draft.isRequired = boolOf(key, value, at);
      break;
    case 'size':
      requireType(draft, key, ['tmpfs'], at);
      draft.sizeBytes = sizeOf(value, at);
      break;
    case 'mode':
    case 'uid':
    case 'gid':
      draft[name] = numberOf(name, value, at);
      break;
    default:
      throw bad(`unexpected key '${key}' in '${key}=${written ?? ''}'${didYouMean(key, keys)}`, at);
  }
}

function readBareWord(draft: Draft, name: string, key: string, at: SourceSpan): void {
  if (name === 'readonly') draft.isReadonly = true;
  else if (name === 'readwrite') draft.isReadonly = false;
  else if (name === 'required') {
    requireType(draft, key, ['secret', 'ssh'], at);
    draft.isRequired = true;
  } else throw bad(`invalid field '${key}' must be a key=value pair`, at);
}

function requireType(draft: Draft, key: string, allowed: readonly MountType[], at: SourceSpan): void {
  if (allowed.includes(draft.type)) return;
  const hint = `\`${key}\` belongs to ${allowed.join(' and ')} mounts; write \`type=${allowed[0] ?? ''}\` before it`;
  throw bad(`unexpected key '${key}' for mount type '${draft.type}'`, at, hint);
}

function oneOf<T extends string>(value: string, allowed: readonly T[], what: string, at: SourceSpan): T {
  const found = allowed.find((candidate) => candidate === value.toLowerCase());
  if (found !== undefined) return found;
  const message = `unsupported ${what} ${JSON.stringify(value)}${didYouMean(value, allowed)}`;
  throw bad(message, at, `use one of ${allowed.map((candidate) => `\`${candidate}\``).join(', ')}`);
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function boolOf(key: string, value: string, at: SourceSpan): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw bad(`invalid value for ${key}: ${value}`, at, 'write `true` or `false`');
}

function numberOf(name: 'mode' | 'uid' | 'gid', value: string, at: SourceSpan): number {
  const isOctal = name === 'mode';
  const number = (isOctal ? /^[0-7]+$/ : /^\d+$/).test(value) ? Number.parseInt(value, isOctal ? 8 : 10) : Number.NaN;
  if (number < 2 ** 32) return number;
  throw bad(`invalid value ${value} for ${name}`, at, isOctal ? 'write an octal number such as `0400`' : 'write a number');
}

/** Bytes of a size such as `128m`, `1.5GiB` or `4096`; units are powers of 1024. */
function sizeOf(value: string, at: SourceSpan): number {
  const [, amount = '', unit = ''] = /^(\d+\.?\d*|\.\d+) ?(b|[kmgtp](?:i?b)?)?$/i.exec(value) ?? [];
  if (amount === '') throw bad(`invalid value for size: ${value}`, at, 'write a size such as `128m`');
  const power = unit === '' ? 0 : 'bkmgtp'.indexOf(unit.charAt(0).toLowerCase());
  return Math.trunc(Number(amount) * 1024 ** power);
}

function finish(draft: Draft, at: SourceSpan): RunMount {
  const { type, target = '', source = '', id = '' } = draft;
  const from = draft.from === '' ? undefined : draft.from;
  const isReadonly = draft.isReadonly ?? type === 'bind';
  if (type === 'bind' || type === 'tmpfs') refuseFileInfo(draft, at);
  if (type !== 'cache' && type !== 'secret' && draft.sharing !== undefined)
    throw bad(`invalid cache sharing set for ${type} mount`, at);
  switch (type) {
    case 'bind':
      return { type, target, source: source || '/', from, isReadonly };
    case 'tmpfs':
      return { type, target, isReadonly, sizeBytes: draft.sizeBytes ?? 0 };
    case 'cache': {
      const isDefault = draft.mode === undefined && draft.uid === undefined && draft.gid === undefined;
      const info = isDefault ? undefined : fileInfo(draft, 0o755);
      const sharing = draft.sharing ?? 'shared';
      return { type, target, source: source || '/', from, isReadonly, id: id || cleanPath(target), sharing, info };
    }
    case 'secret':
      return finishSecret(draft, at);
    case 'ssh':
      if (source !== '') throw bad('ssh does not support source', at, 'name the agent with `id=…`');
      return {
        type,
        id: id || 'default',
        target: draft.target || undefined,
        isRequired: draft.isRequired ?? false,
        info: fileInfo(draft, 0o600),
      };
  }
}

function finishSecret(draft: Draft, at: SourceSpan): RunMount {
  if ((draft.from ?? '') !== '') throw bad('secret mount should not have a from', at);
  if (draft.sharing !== undefined) throw bad('secret mount should not define sharing', at);
  const { target = '', source = '' } = draft;
  if (source !== '' && (draft.id ?? '') !== '') throw bad("both source and id can't be set", at, 'keep `id`');
  const id = source || draft.id || baseName(target);
  if (id === '') throw bad('invalid secret mount. one of source, target required', at, 'name the secret with `id=…`');
  const place = target === '' && draft.env === undefined ? `/run/secrets/${baseName(id)}` : target || undefined;
  const isRequired = draft.isRequired ?? false;
  return { type: 'secret', id, target: place, env: draft.env, isRequired, info: fileInfo(draft, 0o400) };
}

function refuseFileInfo(draft: Draft, at: SourceSpan): void {
  for (const key of ['mode', 'uid', 'gid'] as const) {
    if (draft[key] !== undefined) throw bad(`${key} not allowed for ${JSON.stringify(draft.type)} type mounts`, at);
  }
}

function fileInfo(draft: Draft, mode: number): FileInfo {
  return { mode: draft.mode ?? mode, uid: draft.uid ?? 0, gid: draft.gid ?? 0 };
}

function baseName(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? path;
}

/** Resolve `.`, `..` and doubled slashes; a relative path stays relative. */
function cleanPath(path: string): string {
  const isAbsolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (parts.length === 0 && !isAbsolute) || parts.at(-1) === '..') parts.push(part);
    else parts.pop();
  }
  return isAbsolute ? `/${parts.join('/')}` : parts.join('/') || '.';
}
