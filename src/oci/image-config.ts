import { SlipwayError } from '../base/index.ts';
import { type Digest, parseDigest } from './digest.ts';
import { fieldJson } from './field-json.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** Durations are nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** The `config` member: how to run the image. Names are the format's own. */
export interface RunConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: Healthcheck;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly author?: string;
  readonly created_by?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** @see OCI image-spec, config.md */
export interface ImageConfig {
  readonly platform: Platform;
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config: RunConfig;
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
  /** Members this version doesn't know, kept as they were. */
  readonly unknown: Readonly<Record<string, unknown>>;
}

const knownMembers = new Set(['architecture', 'author', 'config', 'created', 'history', 'os', 'os.version', 'rootfs', 'variant']);

/** Read an image config out of untrusted bytes. @throws {SlipwayError} `OCI_BAD_CONFIG` */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const bad = (why: string, cause?: unknown): SlipwayError =>
    new SlipwayError('OCI_BAD_CONFIG', `bad image config: ${why}`, { class: 'registry', cause });
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch (cause) {
    throw bad('not JSON', cause);
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw bad('not a JSON object');
  const rootfs = (raw['rootfs'] ?? {}) as { diff_ids?: unknown };
  const diffIds = Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids.map((id) => parseDigest(String(id))) : [];
  const text = (key: string): string | undefined => (typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : undefined);
  const variant = text('variant');
  const osVersion = text('os.version');
  return {
    platform: normalizePlatform({
      os: text('os') ?? 'linux',
      architecture: text('architecture') ?? 'amd64',
      ...(variant ? { variant } : {}),
      ...(osVersion ? { osVersion } : {}),
    }),
    created: text('created'),
    author: text('author'),
    config: (raw['config'] ?? {}) as RunConfig,
    diffIds,
    history: Array.isArray(raw['history']) ? (raw['history'] as HistoryEntry[]) : [],
    unknown: Object.fromEntries(Object.entries(raw).filter(([key]) => !knownMembers.has(key))),
  };
}

/** Compact JSON; top-level members in alphabetical order, `config` members in the order the field's tools write them. */
export function printImageConfig(image: ImageConfig): Uint8Array {
  const members: Record<string, unknown> = {
    ...image.unknown,
    architecture: image.platform.architecture,
    ...(image.author ? { author: image.author } : {}),
    config: runConfigJson(image.config),
    ...(image.created ? { created: image.created } : {}),
    history: image.history.map(historyJson),
    os: image.platform.os,
    ...(image.platform.osVersion ? { 'os.version': image.platform.osVersion } : {}),
    rootfs: { type: 'layers', diff_ids: image.diffIds },
    ...(image.platform.variant ? { variant: image.platform.variant } : {}),
  };
  return fieldJson(Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))), 0);
}

function historyJson(entry: HistoryEntry): HistoryEntry {
  return {
    ...(entry.created ? { created: entry.created } : {}),
    ...(entry.author ? { author: entry.author } : {}),
    ...(entry.created_by ? { created_by: entry.created_by } : {}),
    ...(entry.comment ? { comment: entry.comment } : {}),
    ...(entry.empty_layer ? { empty_layer: true } : {}),
  };
}

const configOrder = [
  'Hostname',
  'Domainname',
  'User',
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'ExposedPorts',
  'Tty',
  'OpenStdin',
  'StdinOnce',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'ArgsEscaped',
  'Healthcheck',
  'OnBuild',
  'Shell',
] as const;

function runConfigJson(config: RunConfig): Record<string, unknown> {
  const raw = config as Record<string, unknown>;
  const rest = Object.keys(raw)
    .filter((key) => !(configOrder as readonly string[]).includes(key))
    .sort();
  const result: Record<string, unknown> = {};
  for (const key of [...configOrder, ...rest]) {
    const value = raw[key];
    if (isEmpty(value)) continue;
    result[key] =
      key === 'ExposedPorts' || key === 'Volumes' || key === 'Labels' ? sorted(value as Record<string, unknown>) : value;
  }
  return result;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
