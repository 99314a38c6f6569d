import type { SourceSpan } from '../base/index.ts';
import type { SourceOp } from '../graph/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { Draft, Drafts, StageLabel, Tree } from './draft.ts';
import { unpackArchive } from './copy.ts';
import type { ResolvedImage, SourceContext } from './options.ts';
import { joinPath } from './paths.ts';

/** A directory of the machine, and what the stages need of it. */
export interface LocalSource {
  readonly draft: Draft;
  /** A path or wildcard below its root; `/` is all of it. */
  use(path: string): void;
}

interface Naming {
  readonly name: string;
  readonly at?: SourceSpan;
  readonly stage?: StageLabel;
}

/** The sources of a build: each image and each local directory is one draft, however often it is used. */
export class Trees {
  readonly #drafts: Drafts;
  readonly #images = new Map<string, Draft>();
  readonly #locals = new Map<string, LocalSource>();
  readonly #sources = new Map<SourceContext, Draft>();

  constructor(drafts: Drafts) {
    this.#drafts = drafts;
  }

  /** An image without layers is the empty tree. `naming` counts for the first use. */
  image({ identifier, config }: ResolvedImage, platform: Platform, naming: Naming): Tree {
    if (config.diffIds.length === 0 && config.history.every((entry) => entry.empty_layer === true)) return undefined;
    const key = `${identifier} ${formatPlatform(platform)}`;
    const known = this.#images.get(key);
    if (known) return known;
    const op: SourceOp = { kind: 'source', identifier, attrs: {} };
    const draft = this.#drafts.add({ op: () => op, inputs: [], platform, ...naming });
    this.#images.set(key, draft);
    return draft;
  }

  /** Of an archive, its files. */
  source(context: SourceContext): Draft {
    const known = this.#sources.get(context);
    if (known) return known;
    const fetched = this.#drafts.add({ op: () => context.op, inputs: [], name: context.title });
    const { archive } = context;
    const draft =
      archive === undefined
        ? fetched
        : this.#drafts.add({ op: () => unpackArchive(archive), inputs: [fetched], name: '[internal] extract build context' });
    this.#sources.set(context, draft);
    return draft;
  }

  local(name: string, ignorePatterns: readonly string[], naming: Naming): LocalSource {
    const known = this.#locals.get(name);
    if (known) return known;
    const paths = new Set<string>();
    const op = (): SourceOp => ({ kind: 'source', identifier: `local://${name}`, attrs: localAttrs(ignorePatterns, paths) });
    const draft = this.#drafts.add({ op, inputs: [], ...naming });
    const source: LocalSource = { draft, use: (path) => void paths.add(joinPath('/', path)) };
    this.#locals.set(name, source);
    return source;
  }
}

/** @see LLB source attributes `local.*`: JSON arrays, left out when they say nothing */
function localAttrs(ignorePatterns: readonly string[], paths: ReadonlySet<string>): Record<string, string> {
  const followed = paths.has('/') ? [] : [...paths].map((path) => path.slice(1)).sort();
  return {
    ...(ignorePatterns.length > 0 ? { 'local.excludepatterns': JSON.stringify(ignorePatterns) } : {}),
    ...(followed.length > 0 ? { 'local.followpaths': JSON.stringify(followed) } : {}),
  };
}
