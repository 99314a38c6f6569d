import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { Dockerfile, Word } from '../dockerfile/index.ts';
import {
  familiarReference,
  formatPlatform,
  formatReference,
  normalizePlatform,
  type Platform,
  parsePlatform,
  parseReference,
} from '../oci/index.ts';
import type { NamedContext } from './options.ts';

/** Where a file system comes from. */
export type Origin =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'context'; readonly name: string; readonly context: NamedContext }
  /** `reference` is the full name of what was `written`. */
  | { readonly kind: 'image'; readonly reference: string; readonly written: string };

/** Names of stages, contexts and images, as FROM, `COPY --from` and `RUN --mount=from=` look them up. */
export interface Origins {
  /** The context that stands in for a stage or an image of this name. */
  context(name: string, platform: Platform): NamedContext | undefined;
  /** FROM: a stage before `before`, spelled exactly; else `scratch`, a context, an image. */
  base(text: string, before: number, platform: Platform, at: SourceSpan): Origin;
  /** `--from`: a stage anywhere in the file, in any case; else `scratch`, a context, an image. */
  from(text: string, platform: Platform, at: SourceSpan): Origin;
  /** `COPY --from`: digits are the index of a stage. */
  copyFrom(word: Word, platform: Platform): Origin;
}

export function createOrigins(file: Dockerfile, contexts: Readonly<Record<string, NamedContext>> = {}): Origins {
  const byName = new Map(Object.entries(contexts).map(([name, context]) => [contextKey(name), context]));
  const context = (name: string, platform: Platform): NamedContext | undefined => {
    const key = normalName(name);
    if (key === 'scratch' || key === 'context') return undefined;
    return byName.get(`${key}::${formatPlatform(platform)}`) ?? byName.get(key);
  };
  const outside = (text: string, platform: Platform, at: SourceSpan): Origin => {
    if (text === 'scratch') return { kind: 'scratch' };
    const found = context(text, platform);
    if (found) return { kind: 'context', name: text, context: found };
    return { kind: 'image', reference: fullReference(text, at), written: text };
  };
  const named = stagesByName(file);
  const from = (text: string, platform: Platform, at: SourceSpan): Origin => {
    const index = named.get(text.toLowerCase())?.at(-1);
    return index === undefined ? outside(text, platform, at) : { kind: 'stage', index };
  };
  return {
    context,
    base: (text, before, platform, at) => {
      const index = named.get(text)?.findLast((each) => each < before);
      if (index !== undefined) return { kind: 'stage', index };
      try {
        return outside(text, platform, at);
      } catch (thrown) {
        throw named.get(text.toLowerCase())?.some((each) => each < before) === true ? inLowerCase(thrown, text) : thrown;
      }
    },
    from,
    copyFrom: ({ text, span }, platform) => {
      if (!/^[+-]?\d+$/.test(text)) return from(text, platform, span);
      const index = Number(text);
      if (index < 0 || index >= file.stages.length) throw badIndex(text, file, span);
      return { kind: 'stage', index };
    },
  };
}

/** The indexes of the stages of each name, ascending. */
function stagesByName(file: Dockerfile): ReadonlyMap<string, readonly number[]> {
  const named = new Map<string, number[]>();
  for (const { name, index } of file.stages) {
    if (name === undefined) continue;
    const known = named.get(name);
    if (known === undefined) named.set(name, [index]);
    else known.push(index);
  }
  return named;
}

function inLowerCase(thrown: unknown, written: string): unknown {
  if (!(thrown instanceof SlipwayError)) return thrown;
  const { code, message, at } = thrown;
  return new SlipwayError(code, message, {
    at,
    cause: thrown,
    hint: `FROM finds a stage by its name in lower case: write \`${written.toLowerCase()}\``,
  });
}

function badIndex(text: string, file: Dockerfile, at: SourceSpan): SlipwayError {
  const last = file.stages.length - 1;
  const hint = last === 0 ? 'the file has only the stage 0' : `stages are counted from 0; the last one is ${last}`;
  return new SlipwayError('FE_UNKNOWN_STAGE', `invalid stage index ${Number(text)}`, { at, hint });
}

/** `docker.io/library/x:latest` for `x`. @throws {SlipwayError} `OCI_BAD_REFERENCE` at the word */
function fullReference(text: string, at: SourceSpan): string {
  try {
    return formatReference(parseReference(text));
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError)) throw thrown;
    throw new SlipwayError(thrown.code, `failed to parse stage name ${JSON.stringify(text)}: invalid reference format`, {
      at,
      hint: `${thrown.message}; ${thrown.hint ?? ''}`,
      cause: thrown,
    });
  }
}

/** The key of `name` or `name::platform`. */
function contextKey(name: string): string {
  const cut = name.lastIndexOf('::');
  if (cut < 0) return normalName(name);
  return `${normalName(name.slice(0, cut))}::${formatPlatform(normalizePlatform(parsePlatform(name.slice(cut + 2), { os: 'linux', architecture: 'amd64' })))}`;
}

/** Two names that mean one image get one key: in lower case, without `docker.io/library/` and `:latest`. */
function normalName(name: string): string {
  const lower = name.toLowerCase();
  try {
    return familiarReference(parseReference(lower)).replace(/:latest$/, '');
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return lower; // Not every name of a context is one of an image.
    throw thrown;
  }
}
