import { SlipwayError } from '../../base/index.ts';
import { type Command, defineCommand } from '../command.ts';
import { readDockerfile } from '../dockerfile-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { lineDiff } from '../line-diff.ts';
import { renderRemarks, stderrPaint } from '../render-diagnostics.ts';
import { rewriteFile } from '../rewrite-file.ts';
import { remarkOf } from './parse.ts';

export const fmtCommand: Command = defineCommand({
  name: 'fmt',
  aliases: ['format'],
  usage: '[OPTIONS] [FILE|DIR|-]',
  about: 'Lay a Dockerfile out in one way, without changing what it builds',
  details: 'Prints the result to standard output, unless --write or --check is given.',
  examples: [
    { line: 'slipway fmt -w', about: 'format ./Dockerfile in place' },
    { line: 'slipway fmt --check deploy/Dockerfile', about: 'for CI: show what would change, and end with 1 if anything would' },
    { line: 'slipway fmt - < Dockerfile', about: 'as a filter' },
  ],
  flags: {
    check: { kind: 'bool', about: 'write nothing; show the changes, and end with 1 when there are any' },
    write: { kind: 'bool', short: 'w', about: 'write the file' },
  },
  takes: { min: 0, max: 1 },
  async run({ flags, positionals, io }) {
    const input = await readDockerfile(positionals[0] ?? '.', io.stdin, io.cwd);
    if (flags.isOn('write') && input.path === undefined) {
      throw new SlipwayError('CLI_ARGUMENTS', '`--write` has no file to write: the Dockerfile came from standard input', {
        hint: 'leave it out, and redirect standard output',
      });
    }
    const { format, renderCodeFrame } = await import('../../dockerfile/index.ts');
    const { text, isChanged, diagnostics } = format(input.text, input.name);
    const mistakes = diagnostics.filter(({ severity }) => severity === 'error');
    if (mistakes.length > 0) {
      const lines = input.text.split(/\r*\n/);
      io.stderr.write(renderRemarks(mistakes.map(remarkOf), (at) => renderCodeFrame(lines, at), stderrPaint(io)));
      return exitCodes.input;
    }
    if (flags.isOn('check')) io.stdout.write(lineDiff(input.text, text, input.name));
    else if (!flags.isOn('write')) io.stdout.write(text);
    else if (isChanged && input.path !== undefined) rewriteFile(input.path, input.text, text);
    return flags.isOn('check') && isChanged ? exitCodes.step : exitCodes.ok;
  },
});
