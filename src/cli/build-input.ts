import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { SlipwayError } from '../base/index.ts';
import type { InPort } from './io.ts';

/** Where the Dockerfile and the context come from. */
export interface BuildInput extends Disposable {
  readonly context: string;
  readonly file?: string | undefined;
  /** The Dockerfile's text, where it came from standard input. */
  readonly dockerfile?: string | undefined;
  /** Text of a file that an error names; `undefined` when it isn't at hand. */
  sourceText(file: string): string | undefined;
}

const dockerfileLimitBytes = 16 * 1024 * 1024;

/**
 * Make sense of the positional argument and `--file` together.
 * @throws {SlipwayError} `CLI_BAD_CONTEXT`, `CLI_NOT_SUPPORTED`
 */
export async function findInput(context: string, file: string | undefined, stdin: InPort, cwd: string): Promise<BuildInput> {
  if (context === '') {
    throw badContext('please specify build context (e.g. "." for the current directory)', 'write `slipway build .`');
  }
  if (context === '-' && file === '-')
    throw badContext("invalid argument: can't use stdin for both build context and dockerfile");
  refuseRemote('context', context);
  if (file !== undefined) refuseRemote('Dockerfile', file);
  if (context === '-') return stdinContext(await readStdin(stdin), file);
  const there = statSync(resolve(cwd, context), { throwIfNoEntry: false });
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

/** A Dockerfile on standard input as the context: a build without files. */
function stdinContext(bytes: Buffer, file: string | undefined): BuildInput {
  const isTar = bytes.subarray(257, 262).toString('latin1') === 'ustar' || bytes.readUInt16BE(0) === 0x1f8b;
  if (isTar) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', 'a context as a tar on standard input is not supported yet', {
      hint: 'unpack it into a directory and name that: `mkdir context && tar -xf context.tar -C context && slipway build context`',
    });
  }
  if (file !== undefined) {
    throw badContext(
      '`--file` needs a context that holds files, and standard input holds a Dockerfile',
      'name a directory as the context',
    );
  }
  const empty = mkdtempSync(join(tmpdir(), 'slipway-context-'));
  const dockerfile = bytes.toString('utf8');
  return {
    context: empty,
    dockerfile,
    sourceText: () => dockerfile,
    [Symbol.dispose]: () => rmSync(empty, { recursive: true, force: true }),
  };
}

async function readStdin(stdin: InPort): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin.stream()) {
    chunks.push(chunk);
    size += chunk.byteLength;
    // A tar tells by its first bytes; there is no need to swallow all of it.
    if (size > dockerfileLimitBytes) break;
  }
  if (size === 0)
    throw badContext('standard input is empty: it should hold a Dockerfile', 'for example `slipway build - < Dockerfile`');
  return Buffer.concat(chunks);
}

function refuseRemote(what: 'context' | 'Dockerfile', value: string): void {
  if (!/^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/i.test(value)) return;
  throw new SlipwayError('CLI_NOT_SUPPORTED', `a remote ${what} (\`${value}\`) is not supported yet`, {
    hint: what === 'context' ? 'clone or download it, and name the directory' : 'download it, and name the file',
  });
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
