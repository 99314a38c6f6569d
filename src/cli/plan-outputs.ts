import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ifThere, SlipwayError } from '../base/index.ts';
import { parseOutput } from './flags/output.ts';
import type { Tag } from './flags/tag.ts';
import type { Annotation, Output } from './ports.ts';

export interface OutputRequest {
  /** Values of `--output`. */
  readonly values: readonly string[];
  readonly tags: readonly Tag[];
  readonly push: boolean;
  readonly load: boolean;
  /** Of every image that is written. */
  readonly annotations: readonly Annotation[];
}

/**
 * The outputs that `--output`, `--tag STAGE=NAME`, `--push` and `--load` ask for together; `undefined` when nothing was asked for.
 * @throws {SlipwayError} `CLI_BAD_OUTPUT`, `CLI_NOT_SUPPORTED`
 */
export function planOutputs(request: OutputRequest): readonly Output[] | undefined {
  const { tags } = request;
  const tagsOf = (target: string | undefined): readonly string[] =>
    tags.flatMap((tag) => (tag.target === target ? tag.name : []));
  const image = (target: string | undefined): Output => ({
    type: 'image',
    names: tagsOf(target),
    ...(target === undefined ? {} : { target }),
  });
  const outputs: Output[] = request.values.map((value) => parseOutput(value, tagsOf));
  for (const target of new Set(tags.flatMap((tag) => tag.target ?? []))) {
    if (!outputs.some((output) => output.target === target && 'names' in output)) outputs.push(image(target));
  }
  if (request.load && !outputs.some(({ type }) => type === 'image')) outputs.push(image(undefined));
  if (request.push) {
    const hasOwn = outputs.some(({ type, target }) => type === 'image' && target === undefined);
    const isNamed = tagsOf(undefined).length > 0 || !outputs.some(({ type }) => type === 'image');
    if (!hasOwn && isNamed) outputs.push(image(undefined));
    for (const [index, output] of outputs.entries()) if (output.type === 'image') outputs[index] = { ...output, push: true };
  }
  for (const output of outputs) {
    if (output.type === 'image' && output.push === true && (output.names ?? []).length === 0) {
      throw bad(
        'tag is needed when pushing to registry',
        `name the image with \`--tag ${output.target === undefined ? '' : `${output.target}=`}HOST/NAME:TAG\``,
      );
    }
  }
  const { annotations } = request;
  if (annotations.length === 0) return outputs.length === 0 ? undefined : outputs;
  if (outputs.length === 0) outputs.push(image(undefined));
  return outputs.map((output) =>
    output.type === 'image' || output.type === 'oci' || output.type === 'docker'
      ? { ...output, annotations: [...annotations, ...(output.annotations ?? [])] }
      : output,
  );
}

/** Does any output go to standard output? */
export function writesToStdout(outputs: readonly Output[] | undefined): boolean {
  return outputs?.some((output) => destOf(output) === '-') === true;
}

/** Does the build make an image at all? */
export function makesImage(outputs: readonly Output[] | undefined): boolean {
  return (
    outputs === undefined ||
    outputs.some((output) => output.type === 'image' || output.type === 'oci' || output.type === 'docker')
  );
}

/**
 * Look at the places the outputs go to before anything is built.
 * @throws {SlipwayError} `CLI_BAD_OUTPUT`
 */
export function checkDestinations(outputs: readonly Output[], cwd: string, stdoutIsTerminal: boolean): void {
  const streams = outputs.filter((output) => destOf(output) === '-');
  if (streams.length > 1)
    throw bad('multiple outputs configured to write to stdout', 'name a file with dest= for all but one of them');
  const stream = streams[0];
  if (stream !== undefined && stdoutIsTerminal) {
    throw bad(
      `dest file is required for ${stream.type} exporter. refusing to write to console`,
      'add dest=FILE, or redirect standard output',
    );
  }
  for (const output of outputs) {
    const dest = destOf(output);
    if (dest === undefined || dest === '-') continue;
    const stats = look(resolve(cwd, dest));
    const wantsDirectory = output.type === 'local' || ('tar' in output && output.tar === false);
    if (wantsDirectory && stats !== undefined && !stats.isDirectory()) throw bad(`destination directory ${dest} is a file`);
    if (!wantsDirectory && stats?.isDirectory() === true) throw bad(`destination file ${dest} is a directory`);
  }
}

function destOf(output: Output): string | undefined {
  return 'dest' in output ? output.dest : undefined;
}

function look(path: string): Stats | undefined {
  return ifThere(() => statSync(path));
}

function bad(message: string, hint?: string): SlipwayError {
  return new SlipwayError('CLI_BAD_OUTPUT', message, { hint });
}
