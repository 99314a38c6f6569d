import { relative } from 'node:path';
import { formatBytes, SlipwayError } from '../../base/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import type { ContextListing, ContextVerdict } from '../ports.ts';
import { formatTable } from '../table.ts';

const flags = {
  file: { kind: 'string', short: 'f', value: 'FILE', about: 'the Dockerfile, whose own FILE.dockerignore would count' },
  why: { kind: 'string', value: 'PATH', about: 'say which line of the ignore file decides about PATH' },
  json: { kind: 'bool', about: 'one JSON object, for scripts' },
} as const;

export const contextCommand: Command = defineCommand({
  name: 'context',
  usage: 'ls [OPTIONS] [PATH]',
  about: 'Show what a build context holds, and why',
  details: 'Lists what COPY can take from PATH (default: the current directory), after the ignore file. No content is read.',
  examples: [
    { line: 'slipway context ls', about: 'every file, with its size, and the sum' },
    { line: 'slipway context ls --why node_modules', about: 'is it left out, and by which line?' },
    { line: 'slipway context ls --json deploy', about: 'for a script' },
  ],
  flags,
  takes: { min: 1, max: 2 },
  run: runContext,
});

async function runContext({ flags: given, positionals, io, library, engine }: Call<typeof flags>): Promise<number> {
  const [verb, context = '.'] = positionals;
  if (verb !== 'ls') {
    throw new SlipwayError('CLI_ARGUMENTS', `\`slipway context ${verb}\` is not there`, {
      hint: 'write `slipway context ls [PATH]`',
    });
  }
  using interrupt = interruptible(io, exitCodes.cancelled);
  const { explainContext, listContext } = await library();
  const options = { context, ...compact({ file: given.text('file') }), engine, signal: interrupt.signal };
  const why = given.text('why');
  const found = why === undefined ? await listContext(options) : await explainContext({ ...options, path: why });
  if (given.isOn('json')) io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else io.stdout.write('files' in found ? listing(found, io.cwd) : verdict(found, io.cwd));
  return exitCodes.ok;
}

function listing({ files, sizeBytes, ignoreFile }: ContextListing, cwd: string): string {
  const rows = files.map(({ path, type, sizeBytes: size }) => [
    type === 'file' ? formatBytes(size) : '-',
    type === 'dir' ? `${path}/` : path,
  ]);
  const count = files.filter(({ type }) => type !== 'dir').length;
  const rule = ignoreFile === undefined ? 'without an ignore file' : `after ${relative(cwd, ignoreFile)}`;
  return `${formatTable([['SIZE', 'PATH'], ...rows])}\n${count} ${count === 1 ? 'file' : 'files'}, ${formatBytes(sizeBytes)}, ${rule}\n`;
}

/** `node_modules/x: left out by .dockerignore:3: node_modules`. */
function verdict({ path, isIncluded, ignoreFile, decidedBy }: ContextVerdict, cwd: string): string {
  const name = path === '' ? '.' : path;
  const file = ignoreFile === undefined ? undefined : relative(cwd, ignoreFile);
  if (decidedBy === undefined || file === undefined)
    return `${name}: in the context; ${file === undefined ? 'there is no ignore file' : `no line of ${file} matches it`}\n`;
  return `${name}: ${isIncluded ? 'brought back' : 'left out'} by ${file}:${decidedBy.line}: ${decidedBy.pattern}\n`;
}
