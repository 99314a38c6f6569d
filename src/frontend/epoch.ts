import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { Dockerfile } from '../dockerfile/index.ts';
import { type GlobalArgs, ownValue } from './globals.ts';
import type { CompileOptions, FrontendPorts } from './options.ts';

const name = 'SOURCE_DATE_EPOCH';

/** What the time of the sources is, and the arguments with that time in place of the word that asked for it. */
export interface ResolvedEpoch {
  /** Seconds since 1970; absent: the build has no such time. */
  readonly epochSec: number | undefined;
  readonly options: CompileOptions;
  readonly globals: GlobalArgs;
}

/**
 * Find out what `SOURCE_DATE_EPOCH` says: a build argument, else the default of an ARG before the first FROM. It is a number of
 * seconds, `context` for the time of the main build context, or the name of another context.
 *
 * @throws {SlipwayError} `FE_BAD_EPOCH`
 */
export async function resolveEpoch(
  file: Dockerfile,
  options: CompileOptions,
  globals: GlobalArgs,
  ports: FrontendPorts,
): Promise<ResolvedEpoch> {
  const { buildArgs = {}, contexts = {}, needsEpoch = false } = options;
  const given = ownValue(buildArgs, name) || undefined;
  const declared = given === undefined ? globals.get(name) || undefined : undefined;
  const value = given ?? declared ?? (needsEpoch ? 'context' : undefined);
  if (value === undefined) return { epochSec: undefined, options, globals };
  const at = declared === undefined ? undefined : declarationOf(file);
  const epochSec = (await timeOf(value, { file, contexts, ports, at })) ?? (needsEpoch ? 0 : undefined);
  const text = epochSec === undefined ? '' : String(epochSec);
  return declared === undefined
    ? { epochSec, options: { ...options, buildArgs: { ...buildArgs, [name]: text } }, globals }
    : { epochSec, options, globals: new Map([...globals, [name, text]]) };
}

interface Surroundings {
  readonly file: Dockerfile;
  readonly contexts: NonNullable<CompileOptions['contexts']>;
  readonly ports: FrontendPorts;
  readonly at: SourceSpan | undefined;
}

/** The longest time that a date can say. */
const maxEpochSec = 8_640_000_000_000;

async function timeOf(value: string, { file, contexts, ports, at }: Surroundings): Promise<number | undefined> {
  if (/^[+-]?\d+$/.test(value) && Math.abs(Number(value)) <= maxEpochSec) return Number(value);
  if (value === 'context') return await ports.contextTime(undefined);
  if (Object.hasOwn(contexts, value)) return await ports.contextTime(value);
  if (file.stages.some((stage) => stage.name?.toLowerCase() === value.toLowerCase())) {
    throw new SlipwayError('FE_BAD_EPOCH', `\`${name}\` names the stage \`${value}\`, which is not supported yet`, {
      at,
      hint: 'write seconds since 1970-01-01, or `context`',
    });
  }
  throw new SlipwayError('FE_BAD_EPOCH', `invalid ${name}: ${value}`, {
    at,
    hint: 'write seconds since 1970-01-01, or `context` for the time of the last commit',
  });
}

function declarationOf(file: Dockerfile): SourceSpan | undefined {
  return file.args.flatMap(({ declarations }) => declarations).find((declaration) => declaration.name.text === name)?.name.span;
}
