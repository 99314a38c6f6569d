import type { Image, TreeNode } from './oci-image.ts';

export interface CompareOptions {
  /** Paths (of the tree) whose differences are expected. */
  readonly ignorePaths?: readonly RegExp[];
  /** Members of the image config's `config` that are not compared. */
  readonly ignoreConfig?: readonly string[];
  /** Compare the number of layers. Default: true. */
  readonly layers?: boolean;
  /** Compare the texts of the history. Default: true. */
  readonly history?: boolean;
}

/**
 * What two images differ in, one line each; empty when they are the same image but for times and compression: the config,
 * the number of layers, the history's texts, and the root file system (type, mode, owner, content, links, extended attributes).
 */
export function compareImages(a: Image, b: Image, options: CompareOptions = {}): readonly string[] {
  return [...configDifferences(a, b, options), ...layerDifferences(a, b, options), ...treeDifferences(a, b, options)];
}

function* configDifferences(a: Image, b: Image, { ignoreConfig = [] }: CompareOptions): Generator<string> {
  for (const key of ['architecture', 'os', 'variant', 'author']) yield* difference(`config.${key}`, a.config[key], b.config[key]);
  const left = a.config.config ?? {};
  const right = b.config.config ?? {};
  for (const key of union(Object.keys(left), Object.keys(right))) {
    if (!ignoreConfig.includes(key)) yield* difference(`config.config.${key}`, meaning(left[key]), meaning(right[key]));
  }
}

/** Empty, `null` and absent say the same. */
function meaning(value: unknown): unknown {
  const empty = value === null || value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0);
  return empty ? undefined : value;
}

function* layerDifferences(a: Image, b: Image, { layers = true, history = true }: CompareOptions): Generator<string> {
  if (layers) yield* difference('number of layers', a.manifest.layers.length, b.manifest.layers.length);
  if (!history) return;
  const texts = (image: Image): readonly string[] =>
    (image.config.history ?? []).map((line) => `${line.created_by ?? ''}${line.empty_layer === true ? ' (no layer)' : ''}`);
  const left = texts(a);
  const right = texts(b);
  for (let line = 0; line < Math.max(left.length, right.length); line++)
    yield* difference(`history[${line}]`, left[line], right[line]);
}

function* treeDifferences(a: Image, b: Image, { ignorePaths = [] }: CompareOptions): Generator<string> {
  const left = a.tree();
  const right = b.tree();
  for (const path of union([...left.keys()], [...right.keys()])) {
    if (path === '' || ignorePaths.some((pattern) => pattern.test(path))) continue;
    const one = left.get(path);
    const other = right.get(path);
    if (one === undefined || other === undefined) {
      yield `/${path}: only in the ${one === undefined ? 'second' : 'first'} (${(one ?? other)?.type})`;
      continue;
    }
    for (const key of Object.keys(one) as (keyof TreeNode)[]) yield* difference(`/${path}: ${key}`, one[key], other[key]);
  }
}

function* difference(what: string, one: unknown, other: unknown): Generator<string> {
  const left = JSON.stringify(one, sortedKeys);
  const right = JSON.stringify(other, sortedKeys);
  if (left !== right) yield `${what}: ${left ?? '(absent)'} and ${right ?? '(absent)'}`;
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}
