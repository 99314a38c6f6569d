import type { Diagnostic } from '../../dockerfile/index.ts';
import { type Command, defineCommand } from '../command.ts';
import { readDockerfile } from '../dockerfile-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Remark, renderRemarks, stderrPaint } from '../render-diagnostics.ts';

export const parseCommand: Command = defineCommand({
  name: 'parse',
  usage: '[OPTIONS] [FILE|DIR|-]',
  about: 'Show how a Dockerfile is read',
  details:
    'Prints the syntax tree to standard output, and every mistake to standard error. What could be read is printed even when there are\n' +
    'mistakes; the exit code tells.',
  examples: [
    { line: 'slipway parse', about: 'the tree of ./Dockerfile' },
    { line: "slipway parse --json - < Dockerfile | jq -r '.instructions[].keyword'", about: 'for a script' },
  ],
  flags: { json: { kind: 'bool', about: 'one JSON object: directives and instructions' } },
  takes: { min: 0, max: 1 },
  async run({ flags, positionals, io }) {
    const input = await readDockerfile(positionals[0] ?? '.', io.stdin, io.cwd);
    const { parseDockerfile, print, renderCodeFrame, toParsedDockerfile } = await import('../../dockerfile/index.ts');
    const { file, diagnostics } = parseDockerfile(input.text, input.name);
    io.stdout.write(flags.isOn('json') ? `${JSON.stringify(toParsedDockerfile(file))}\n` : print(file));
    if (diagnostics.length === 0) return exitCodes.ok;
    io.stderr.write(renderRemarks(diagnostics.map(remarkOf), (at) => renderCodeFrame(file.lines, at), stderrPaint(io)));
    return diagnostics.some(({ severity }) => severity === 'error') ? exitCodes.input : exitCodes.ok;
  },
});

/** A mistake or a doubt of the parser, under its rule's name where it has one. */
export function remarkOf({ severity, rule, code, message, at, hint }: Diagnostic): Remark {
  return { severity, name: rule ?? code, message, at, hint };
}
