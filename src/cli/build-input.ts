import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { formatBytes, maxDockerfileBytes, SlipwayError } from '../base/index.ts';
import type { InPort } from './io.ts';

/** Where the Dockerfile and the context come from. */
export interface BuildInput extends Disposable {
  readonly context: string;
  /** The archive on standard input that is the context. */
  readonly contextTar?: AsyncIterable<Uint8Array> | undefined;
  readonly file?: string | undefined;
  /** The Dockerfile's text, where it came from standard input. */
  readonly dockerfile?: string | undefined;
  /** Text of a file that an error names; `undefined` when it isn't at hand. */
  sourceText(file: string): string | undefined;
}

/**
 * Make sense of the positional argument and `--file` together.
 * @throws {SlipwayError} `CLI_BAD_CONTEXT`
 */
export async function findInput(context: string, file: string | undefined, stdin: InPort, cwd: string): Promise<BuildInput> {
  if (context === '') {
    throw badContext('please specify build context (e.g. "." for the current directory)', 'write `slipway build .`');
  }
  if (context === '-' && file === '-')
    throw badContext("invalid argument: can't use stdin for both build context and dockerfile");
  if (context === '-') return await stdinContext(stdin, file);
  const there = statSync(resolve(cwd, context), { throwIfNoEntry: false });
  if (there?.isDirectory() !== true && isRemote(context)) return await remoteContext(context, file, stdin);
  if (there === undefined) throw badContext(`unable to prepare context: path "${context}" not found`);
  if (!there.isDirectory()) {
    throw badContext(
      `unable to prepare context: "${context}" is not a directory`,
      'the context is a directory; name a Dockerfile with `-f`',
    );
  }
  const dockerfile = file === '-' ? (await readStdin(stdin)).toString('utf8') : undefined;
  const path = dockerfile === undefined ? file : undefined;
  return {
    context,
    file: path,
    dockerfile,
    sourceText: (name) =>
      dockerfile ?? textOf(name, path === undefined ? [join(context, 'Dockerfile'), join(context, 'dockerfile')] : [path], cwd),
    [Symbol.dispose]: () => undefined,
  };
}

/** A context that the build fetches, and its Dockerfile with it, unless that is on standard input. */
async function remoteContext(context: string, file: string | undefined, stdin: InPort): Promise<BuildInput> {
  const dockerfile = file === '-' ? (await readStdin(stdin)).toString('utf8') : undefined;
  return {
    context,
    file: file === '-' ? undefined : file,
    dockerfile,
    sourceText: () => dockerfile,
    [Symbol.dispose]: () => undefined,
  };
}

/** What is on standard input: an archive that is the context, or a Dockerfile for a build without files. */
async function stdinContext(stdin: InPort, file: string | undefined): Promise<BuildInput> {
  const chunks = stdin.stream()[Symbol.asyncIterator]();
  const start = await firstBlock(chunks);
  if (isArchive(start)) {
    const nothing = { context: '', sourceText: () => undefined, [Symbol.dispose]: () => undefined };
    return { ...nothing, contextTar: joined(start, chunks), file };
  }
  if (file !== undefined) {
    throw badContext(
      'ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles',
      'standard input holds a Dockerfile: leave out `--file`, or name a directory as the context',
    );
  }
  const dockerfile = (await readAll(joined(start, chunks))).toString('utf8');
  const empty = mkdtempSync(join(tmpdir(), 'slipway-context-'));
  return {
    context: empty,
    dockerfile,
    sourceText: () => dockerfile,
    [Symbol.dispose]: () => rmSync(empty, { recursive: true, force: true }),
  };
}

const blockBytes = 512;

/** As much as a tar's header, or all there is. */
async function firstBlock(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.byteLength < blockBytes) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

async function* joined(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** First bytes of gzip, bzip2, xz and zstd. */
const magics = ['1f8b08', '425a68', 'fd377a585a00', '28b52ffd'];

/** Compressed, or a tar by the sum in its first header. */
function isArchive(start: Buffer): boolean {
  const hex = start.subarray(0, 6).toString('hex');
  if (magics.some((magic) => hex.startsWith(magic))) return true;
  if (start.byteLength < blockBytes) return false;
  const stated = Number.parseInt(
    start
      .toString('latin1', 148, 156)
      .replace(/[^0-7]+/g, ' ')
      .trim(),
    8,
  );
  let sum = 8 * 32; // the field itself counts as blanks
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += start[i] ?? 0;
  return sum === stated;
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    all.push(chunk);
    size += chunk.byteLength;
    if (size > maxDockerfileBytes)
      throw badContext(`standard input holds more than ${formatBytes(maxDockerfileBytes)}: no Dockerfile is that long`);
  }
  if (size === 0)
    throw badContext('standard input is empty: it should hold a Dockerfile', 'for example `slipway build - < Dockerfile`');
  return Buffer.concat(all);
}

function readStdin(stdin: InPort): Promise<Buffer> {
  return readAll(stdin.stream());
}

/** A web address or a repository, by its looks; the library knows more. */
function isRemote(value: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:|^github\.com\//.test(value);
}

function textOf(name: string, paths: readonly string[], cwd: string): string | undefined {
  for (const path of paths) {
    if (basename(path) !== basename(name)) continue;
    try {
      return readFileSync(resolve(cwd, path), 'utf8');
    } catch {
      // The frame is a courtesy: without the text the place alone is shown.
    }
  }
  return undefined;
}

function badContext(message: string, hint?: string): SlipwayError {
  return new SlipwayError('CLI_BAD_CONTEXT', message, { hint });
}
