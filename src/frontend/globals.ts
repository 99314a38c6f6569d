import { SlipwayError, type SourceSpan } from '../base/index.ts';
import { type Dockerfile, expandWord, Growth, type Word } from '../dockerfile/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { CompileOptions } from './options.ts';

/** What FROM lines see: platform args, then the ARGs before the first FROM. */
export type GlobalArgs = ReadonlyMap<string, string>;

/** @throws {SlipwayError} what `expandWord` throws for a default that is used */
export function globalArgs(file: Dockerfile, options: CompileOptions): GlobalArgs {
  const { buildArgs = {}, target, targetPlatform, buildPlatform } = options;
  const lastName = file.stages.at(-1)?.name;
  const values = new Map<string, string>([
    ...platformArgs('BUILD', buildPlatform),
    ...platformArgs('TARGET', targetPlatform),
    ['TARGETSTAGE', target ?? lastName ?? 'default'],
  ]);
  for (const name of values.keys()) {
    const own = ownValue(buildArgs, name);
    if (own !== undefined) values.set(name, own);
  }
  const how = { escape: file.directives.escape, growth: new Growth() };
  const expand = (word: Word): string => expandWord(word, (name) => values.get(name), how).value;
  for (const { name: word, value } of file.args.flatMap(({ declarations }) => declarations)) {
    const name = word.text;
    const given = ownValue(buildArgs, name) ?? (value && expand(value));
    if (given !== undefined) values.set(name, given);
  }
  return values;
}

function platformArgs(prefix: string, platform: Platform): [string, string][] {
  const { os, architecture, variant = '', osVersion = '' } = platform;
  const whole = formatPlatform(platform);
  return [
    [`${prefix}PLATFORM`, osVersion === '' ? whole : whole.replace(os, `${os}(${osVersion})`)],
    [`${prefix}OS`, os],
    [`${prefix}OSVERSION`, osVersion],
    [`${prefix}ARCH`, architecture],
    [`${prefix}VARIANT`, variant],
  ];
}

/** A build arg, unless it is something every object has, such as `constructor`. */
export function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Proxy settings of RUN, from build args of either case; of several spellings the last in sorted order wins. */
export function proxyArgs(buildArgs: Readonly<Record<string, string>>): Readonly<Partial<Record<ProxyName, string>>> {
  const found: Partial<Record<ProxyName, string>> = {};
  for (const key of Object.keys(buildArgs).sort()) {
    const name = /^(http|https|ftp|no|all)_proxy$/i.exec(key)?.[1]?.toLowerCase() as ProxyName | undefined;
    const value = buildArgs[key];
    if (name !== undefined && value !== undefined && value !== '') found[name] = value;
  }
  return found;
}

type ProxyName = 'http' | 'https' | 'ftp' | 'no' | 'all';

const ours = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]\S*)?$/;

/** `# syntax=` is accepted when it names the frontend that this one stands for. @throws {SlipwayError} `FE_UNSUPPORTED_SYNTAX` */
export function checkSyntax(file: Dockerfile, buildArgs: Readonly<Record<string, string>> = {}): void {
  const arg = ownValue(buildArgs, 'BUILDKIT_SYNTAX');
  const directive = file.directives.syntax;
  const value = arg ?? directive?.value;
  if (value === undefined || value === '') return;
  const image = value.split(' ')[0] ?? '';
  if (ours.test(image)) return;
  const at: SourceSpan | undefined = arg === undefined ? directive?.span : undefined;
  throw new SlipwayError(
    'FE_UNSUPPORTED_SYNTAX',
    `the syntax image \`${image}\` can't be run: only \`docker/dockerfile\` is built in`,
    {
      at,
      hint:
        arg === undefined
          ? 'remove the `# syntax=` line, or name `docker/dockerfile:1`'
          : 'leave the build arg `BUILDKIT_SYNTAX` out',
    },
  );
}
