import { SlipwayError } from '../base/index.ts';
import { parseDuration } from './duration.ts';
import { type Flags, readFlags } from './flags.ts';
import type { Healthcheck, HealthcheckInstruction } from './instruction.ts';
import { base, type ReadInput, statementSpan, wrongCount } from './read.ts';
import { argsOf, readCommandLine } from './read-command.ts';
import { type Slice, spanOf } from './statement.ts';
import { reportStray } from './stray-comment.ts';

const flagTypes = {
  interval: 'string',
  timeout: 'string',
  'start-period': 'string',
  'start-interval': 'string',
  retries: 'string',
} as const;

export function readHealthcheck(input: ReadInput): HealthcheckInstruction | undefined {
  const { rest } = input.statement;
  const [type = ''] = rest.text.split(/\s/, 1);
  if (type === '') {
    return wrongCount(
      input,
      'HEALTHCHECK requires at least one argument',
      'write `HEALTHCHECK CMD <command>` or `HEALTHCHECK NONE`',
    );
  }
  const after = rest.text.slice(type.length).trimStart();
  const command: Slice = { text: after, start: rest.end - after.length, end: rest.end };
  switch (type.toUpperCase()) {
    case 'NONE':
      return readNone(input, command);
    case 'CMD':
      return readCheck(input, command);
    default: {
      readFlags(input.statement, flagTypes, input.report); // what is wrong with them is told, too
      const at = spanOf(input.statement, { start: rest.start, end: rest.start + type.length });
      input.report.error('DF_BAD_HEALTHCHECK', `Unknown type ${JSON.stringify(type.toUpperCase())} in HEALTHCHECK (try CMD)`, at);
      return undefined;
    }
  }
}

function wrong(input: ReadInput, message: string, hint?: string): undefined {
  input.report.error('DF_BAD_HEALTHCHECK', message, statementSpan(input), hint);
  return undefined;
}

/** With NONE the flags are not even looked at. */
function readNone(input: ReadInput, after: Slice): HealthcheckInstruction | undefined {
  const message = 'HEALTHCHECK NONE takes no arguments';
  if (after.text.startsWith('#')) reportStray(input.statement, after, input.report, 'error', { because: message });
  else if (after.text !== '') wrong(input, message);
  return { ...base(input, 'words', ['NONE']), kind: 'healthcheck', check: { type: 'none' } };
}

function readCheck(input: ReadInput, after: Slice): HealthcheckInstruction | undefined {
  const flags = readFlags(input.statement, flagTypes, input.report);
  const command = readCommandLine(input, after);
  if (command === undefined) return undefined;
  if (command.form === 'exec' ? command.args.length === 0 : command.text === '') {
    return wrong(input, 'Missing command after HEALTHCHECK CMD', 'write the command after CMD');
  }
  const { form, args } = argsOf(command);
  const check: Healthcheck = {
    type: 'cmd',
    command,
    intervalNs: readInterval(input, flags, 'interval'),
    timeoutNs: readInterval(input, flags, 'timeout'),
    startPeriodNs: readInterval(input, flags, 'start-period'),
    startIntervalNs: readInterval(input, flags, 'start-interval'),
    retries: readRetries(input, flags),
  };
  return { ...base(input, form, ['CMD', ...args]), kind: 'healthcheck', check };
}

function readInterval(input: ReadInput, flags: Flags, name: keyof typeof flagTypes): number {
  const word = flags.string(name);
  if (word === undefined || word.text === '') return 0;
  try {
    const durationNs = parseDuration(word.text, word.span);
    if (durationNs === 0 || durationNs >= 1e6) return durationNs;
    input.report.error('DF_BAD_HEALTHCHECK', `Interval "${name}" cannot be less than 1ms`, word.span);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    input.report.error('DF_BAD_DURATION', error.message, word.span, error.hint);
  }
  return 0;
}

function readRetries(input: ReadInput, flags: Flags): number {
  const word = flags.string('retries');
  if (word === undefined || word.text === '') return 0;
  const retries = /^[+-]?\d+$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (retries >= 0 && retries < 2 ** 31) return retries;
  const message = retries < 0 ? `--retries cannot be negative (${retries})` : `invalid value for --retries: ${word.text}`;
  input.report.error('DF_BAD_HEALTHCHECK', message, word.span, 'write a whole number that is not negative');
  return 0;
}
