import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isNotFound, SlipwayError } from '../base/index.ts';

type Write = (chunk: Uint8Array) => Promise<void>;

/** Write to a file beside `dest` that gets its name when it is whole, or to standard output. */
export async function withSink(dest: string, stdout: NodeJS.WritableStream | undefined, work: (write: Write) => Promise<void>): Promise<void> {
  if (dest === '-') {
    if (stdout === undefined) throw new SlipwayError('BUILD_BAD_OUTPUT', 'the output goes to standard output, but none was given', { hint: 'pass `stdout`, or name a file' });
    return await work((chunk) => writeTo(stdout, chunk));
  }
  const path = resolve(dest);
  refuseDirectory(path, dest);
  const aside = `${path}.${process.pid}.part`;
  const file = createWriteStream(aside, { flags: 'wx' });
  const opened = once(file, 'open');
  try {
    await opened.catch((cause: Error) => {
      throw new SlipwayError('BUILD_BAD_OUTPUT', `cannot write to \`${dest}\`: ${cause.message}`, { cause, hint: `does the directory \`${dirname(path)}\` exist?` });
    });
    await work((chunk) => writeTo(file, chunk));
    file.end();
    await once(file, 'close');
    renameSync(aside, path);
  } catch (error) {
    file.destroy();
    rmSync(aside, { force: true });
    throw error;
  }
}

async function writeTo(stream: NodeJS.WritableStream, chunk: Uint8Array): Promise<void> {
  await new Promise<void>((done, fail) => {
    stream.write(chunk, (error) => (error ? fail(error) : done()));
  });
}

function refuseDirectory(path: string, dest: string): void {
  try {
    if (!statSync(path).isDirectory()) return;
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  throw new SlipwayError('BUILD_BAD_OUTPUT', `destination file ${dest} is a directory`);
}
