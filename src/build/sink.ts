import { realpathSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isNodeError, SlipwayError } from '../base/index.ts';

type Write = (chunk: Uint8Array) => Promise<void>;

/**
 * Write to a file beside `dest` that gets its name when it is whole, or to standard output. A device or pipe is written to as it is.
 * @throws {SlipwayError} `BUILD_BAD_OUTPUT`
 */
export async function withSink(
  dest: string,
  stdout: NodeJS.WritableStream | undefined,
  work: (write: Write) => Promise<void>,
): Promise<void> {
  if (dest === '-') return await toStream(stdout, work);
  const there = statOf(dest);
  if (there === undefined) return await toFile(dest, resolve(dest), work);
  if (there.isDirectory()) throw new SlipwayError('BUILD_BAD_OUTPUT', `destination file ${dest} is a directory`);
  if (there.isFile()) return await toFile(dest, realpathSync(dest), work);
  await using file = await openFor(dest, resolve(dest), 'w');
  await work((chunk) => writeAll(file, chunk));
}

/** Say before the work what would stop the writing after it. @throws {SlipwayError} `BUILD_BAD_OUTPUT` */
export function checkSink(dest: string, stdout: NodeJS.WritableStream | undefined): void {
  if (dest === '-') return void streamOf(stdout);
  if (statOf(dest)?.isDirectory() === true) throw new SlipwayError('BUILD_BAD_OUTPUT', `destination file ${dest} is a directory`);
  const folder = dirname(resolve(dest));
  if (statOf(folder)?.isDirectory() !== true) throw cannotWrite(dest, `there is no directory \`${folder}\``);
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

async function toStream(stdout: NodeJS.WritableStream | undefined, work: (write: Write) => Promise<void>): Promise<void> {
  const stream = streamOf(stdout);
  const ignore = (): void => {}; // each write tells of its own failure
  stream.on('error', ignore);
  try {
    await work((chunk) => new Promise((done, fail) => void stream.write(chunk, (error) => (error ? fail(error) : done()))));
  } finally {
    stream.off('error', ignore);
  }
}

function streamOf(stdout: NodeJS.WritableStream | undefined): NodeJS.WritableStream {
  if (stdout !== undefined) return stdout;
  throw new SlipwayError('BUILD_BAD_OUTPUT', 'the output goes to standard output, but none was given', {
    hint: 'pass `stdout`, or name a file',
  });
}

async function toFile(dest: string, path: string, work: (write: Write) => Promise<void>): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  try {
    {
      rmSync(aside, { force: true }); // of a process that was killed, and had the same id
      await using file = await openFor(dest, aside, 'wx');
      await work((chunk) => writeAll(file, chunk));
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

async function openFor(dest: string, path: string, flags: string): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (cause) {
    throw isNodeError(cause) && cause.code !== 'ENOSPC' ? cannotWrite(dest, cause.message, cause) : cause;
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
}

function cannotWrite(dest: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_OUTPUT', `cannot write to \`${dest}\`: ${why}`, {
    cause,
    hint: 'name a file in a directory that exists and may be written to',
  });
}
