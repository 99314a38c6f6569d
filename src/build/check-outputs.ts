import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { SlipwayError } from '../base/index.ts';
import type { Annotation, ImageAttributes, Output } from './options.ts';
import { checkSink } from './sink.ts';

/** What a build's outputs depend on beside themselves. */
interface Surroundings {
  /** The directory that the build reads. */
  readonly context: string;
  readonly stdout: NodeJS.WritableStream | undefined;
}

/** Say before the build what would stop its outputs after it. @throws {SlipwayError} `BUILD_BAD_OUTPUT` */
export function checkOutputs(outputs: readonly Output[], surroundings: Surroundings): void {
  const toStdout = outputs.filter((output) => 'dest' in output && output.dest === '-');
  if (toStdout.length > 1) throw badOutput('multiple outputs configured to write to stdout');
  if (toStdout.some(({ type }) => type === 'local')) throw badOutput('dest cannot be stdout for local exporter');
  for (const output of outputs) checkOutput(output, surroundings);
}

function checkOutput(output: Output, { context, stdout }: Surroundings): void {
  switch (output.type) {
    case 'image':
      checkImage(output);
      if (output.push === true && (output.names ?? []).length === 0)
        throw badOutput('tag is needed when pushing to registry', 'name the image with `-t HOST/NAME:TAG`');
      return undefined;
    case 'oci':
    case 'docker':
      checkImage(output);
      return output.tar === false ? undefined : checkSink(output.dest, stdout);
    case 'tar':
      return checkSink(output.dest, stdout);
    case 'local':
      return output.mode === 'delete' ? checkMirror(output.dest, context) : undefined;
    case 'cacheonly':
      return undefined;
  }
}

const levels = { gzip: 9, zstd: 22 } as const;

function checkImage(output: ImageAttributes): void {
  const { compression = 'gzip', compressionLevel: level, ociMediaTypes = true, annotations = [] } = output;
  if (level !== undefined && compression !== 'uncompressed') {
    const highest = levels[compression];
    if (!Number.isInteger(level) || level < 0 || level > highest)
      throw badOutput(`${level} is not a compression level of ${compression}`, `it takes 0 to ${highest}`);
  }
  const above = annotations.find((annotation) => annotation.level !== 'manifest');
  if (!ociMediaTypes && above !== undefined) throw badOutput('cannot export annotations with "oci-mediatypes=false"');
  if ('unpack' in output && output.unpack === true && output.rewriteTimestamp === true)
    throw badOutput('exporter option "rewrite-timestamp" conflicts with "unpack"', 'leave one of them out');
  const index = annotations.find(isOfIndex);
  if (index !== undefined)
    throw badOutput(
      'index annotations not supported for single platform export',
      `set \`${index.key}\` on the manifest, or on its descriptor`,
    );
}

function isOfIndex({ level }: Annotation): boolean {
  return level === 'index' || level === 'index-descriptor';
}

/** What would be lost must be no more than an earlier output. */
function checkMirror(dest: string, context: string): void {
  const whole = real(dest);
  if (whole === '/') throw badOutput('`mode=delete` would remove everything in `/`', 'name a directory of its own');
  if (`${real(context)}/`.startsWith(`${whole}/`)) {
    throw badOutput(`\`mode=delete\` would remove the build context, which is in \`${dest}\``, 'name a directory of its own');
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not there yet, or no directory: whoever uses it says so
  }
}

export function badOutput(message: string, hint?: string): SlipwayError {
  return new SlipwayError('BUILD_BAD_OUTPUT', message, { hint });
}
