import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lutimesSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextTime } from './image-text.ts';

/** One folder of testdata/images: a build, and what BuildKit made of it. */
export interface RecordedImage {
  /** `DF-COPY-06-wildcards` */
  readonly name: string;
  readonly folder: string;
  readonly options: RecordedOptions;
}

/** `options.json`: what the build is called with, beside its context. */
export interface RecordedOptions {
  readonly file?: string;
  readonly target?: string;
  readonly platform?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Rights that the steps ask for. */
  readonly allow?: readonly string[];
  /** Files with the values, relative to the context. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Directories are relative to the context. */
  readonly contexts?: Readonly<Record<string, string>>;
}

export const recordedFolder: string = join(import.meta.dirname, '../../testdata/images');

/** The recorded builds whose name starts with one of `areas`. */
export function recordedImages(areas: readonly string[] = ['']): readonly RecordedImage[] {
  return readdirSync(recordedFolder)
    .filter((name) => areas.some((area) => name.startsWith(area)))
    .sort()
    .map((name) => {
      const folder = join(recordedFolder, name);
      const options = join(folder, 'options.json');
      return { name, folder, options: existsSync(options) ? (JSON.parse(readFileSync(options, 'utf8')) as RecordedOptions) : {} };
    });
}

/** `DF-COPY-06 wildcards`: how tests name it. */
export function titleOf({ name }: RecordedImage): string {
  const [, id = name, words = ''] = /^([A-Z]+(?:-[A-Z]+)?-\d+)-(.*)$/.exec(name) ?? [];
  return `${id} ${words.replaceAll('-', ' ')}`;
}

/** The build context in a new directory below `scratch`: what context.sh makes, all of one time, and the Dockerfile. */
export function makeContext({ folder, name }: RecordedImage, scratch: string): string {
  const context = mkdtempSync(join(scratch, `${name}-`));
  const script = join(folder, 'context.sh');
  if (existsSync(script)) execFileSync('sh', ['-eu', script], { cwd: context, stdio: ['ignore', 'ignore', 'inherit'] });
  setTimes(context);
  if (existsSync(join(folder, 'Dockerfile'))) cpSync(join(folder, 'Dockerfile'), join(context, 'Dockerfile'));
  return context;
}

function setTimes(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) setTimes(path);
    else lutimesSync(path, contextTime, contextTime);
  }
  lutimesSync(directory, contextTime, contextTime);
}

/** Where the value of each secret lies. */
export function secretsOf({ options }: RecordedImage, context: string): Record<string, { readonly file: string }> {
  return Object.fromEntries(Object.entries(options.secrets ?? {}).map(([id, name]) => [id, { file: join(context, name) }]));
}

/** `--build-context` values: directories lie below `context`, images are called what `imageName` says. */
export function contextsOf(
  { options }: RecordedImage,
  context: string,
  imageName: (name: string) => string = (name) => name,
): Record<string, string> {
  const scheme = 'docker-image://';
  const located = (value: string): string =>
    value.startsWith(scheme) ? scheme + imageName(value.slice(scheme.length)) : join(context, value);
  return Object.fromEntries(Object.entries(options.contexts ?? {}).map(([name, value]) => [name, located(value)]));
}
