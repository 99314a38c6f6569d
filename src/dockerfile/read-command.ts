import { SlipwayError, type SourceSpan } from '../base/index.ts';
import { parseCsv } from './csv.ts';
import { type FlagType, readFlags } from './flags.ts';
import type {
  CmdInstruction,
  CommandLine,
  EntrypointInstruction,
  RawMount,
  RunDevice,
  RunInstruction,
  ShellInstruction,
  Word,
} from './instruction.ts';
import { splitMount } from './mount.ts';
import { base, jsonOrRefuse, type ReadInput, textsOf, wrongCount } from './read.ts';
import type { Reporter } from './reporter.ts';
import type { Slice } from './statement.ts';
import { reportStray, strayAfterJson } from './stray-comment.ts';

/** A JSON array, else text for a shell, where `#` is the shell's business. */
export function readCommandLine(input: ReadInput, slice: Slice): CommandLine | undefined {
  const json = jsonOrRefuse(input, slice);
  if (json === false) return undefined;
  if (json !== undefined) return { form: 'exec', args: textsOf(json.items) };
  const stray = strayAfterJson(input.statement, slice);
  if (stray !== undefined) {
    reportStray(input.statement, stray, input.report, 'warning', {
      because: 'and what looks like a JSON array becomes text for a shell',
    });
  }
  return { form: 'shell', text: slice.text };
}

export function argsOf(command: CommandLine): { readonly form: 'json' | 'shell'; readonly args: readonly string[] } {
  return command.form === 'exec' ? { form: 'json', args: command.args } : { form: 'shell', args: [command.text] };
}

export function readCmd(input: ReadInput): CmdInstruction | undefined {
  readFlags(input.statement, {}, input.report);
  const command = readCommandLine(input, input.statement.rest);
  if (command === undefined) return undefined;
  const { form, args } = argsOf(command);
  return { ...base(input, form, args), kind: 'cmd', command };
}

export function readEntrypoint(input: ReadInput): EntrypointInstruction | undefined {
  readFlags(input.statement, {}, input.report);
  const command = readCommandLine(input, input.statement.rest);
  if (command === undefined) return undefined;
  const { form, args } = argsOf(command);
  return { ...base(input, form, args), kind: 'entrypoint', command };
}

export function readShell(input: ReadInput): ShellInstruction | undefined {
  const { statement, report } = input;
  readFlags(statement, {}, report);
  const json = jsonOrRefuse(input, statement.rest);
  if (json === false) return undefined;
  const stray = strayAfterJson(statement, statement.rest);
  const needsJson = 'SHELL requires the arguments to be in JSON form';
  if (stray !== undefined) {
    reportStray(statement, stray, report, 'error', { because: needsJson });
    return undefined;
  }
  const hint = 'write `SHELL ["/bin/bash", "-c"]`';
  if (json === undefined && statement.rest.text !== '') return wrongCount(input, needsJson, hint);
  if (json === undefined || json.items.length === 0) return wrongCount(input, 'SHELL requires at least one argument', hint);
  const shell = textsOf(json.items);
  return { ...base(input, 'json', shell), kind: 'shell', shell };
}

const runFlags: Readonly<Record<string, FlagType>> = { mount: 'list', network: 'string', security: 'string', device: 'list' };
const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

export function readRun(input: ReadInput): RunInstruction | undefined {
  const { statement, around, report } = input;
  const flags = readFlags(statement, runFlags, report);
  const command = readCommandLine(input, statement.rest);
  const mounts = flags.list('mount').flatMap((word): readonly RawMount[] => attempt(() => splitMount(word), word.span, report));
  const devices = flags
    .list('device')
    .flatMap((word): readonly RunDevice[] => attempt(() => parseDevice(word), word.span, report));
  const network = flags.string('network');
  const security = flags.string('security');
  const networkMode = networks.find((mode) => mode === network?.text);
  const securityMode = securities.find((mode) => mode === security?.text);
  if (network !== undefined && networkMode === undefined) {
    report.error(
      'DF_BAD_NETWORK',
      `invalid network mode ${JSON.stringify(network.text)}`,
      network.span,
      'use `default`, `none` or `host`',
    );
  }
  if (security !== undefined && securityMode === undefined) {
    report.error(
      'DF_BAD_SECURITY',
      `security ${JSON.stringify(security.text)} is not valid`,
      security.span,
      'use `sandbox` or `insecure`',
    );
  }
  if (command === undefined) return undefined;
  const { form, args } = argsOf(command);
  return {
    ...base(input, form, args),
    kind: 'run',
    command,
    mounts,
    network: networkMode ?? 'default',
    security: securityMode ?? 'sandbox',
    devices,
    heredocs: command.form === 'shell' ? around.heredocs.map(({ heredoc }) => heredoc) : [],
  };
}

/** What `work` makes, or nothing and a report of why. */
function attempt<T>(work: () => T, at: SourceSpan, report: Reporter): readonly T[] {
  try {
    return [work()];
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    report.error(error.code as `DF_${Uppercase<string>}`, error.message, error.at ?? at, error.hint);
    return [];
  }
}

/**
 * The value of `--device`: `<name>[,required[=bool]]` or `name=<name>`.
 *
 * @throws {SlipwayError} `DF_BAD_DEVICE`, `DF_BAD_CSV`
 */
function parseDevice(value: Word): RunDevice {
  const fail = (message: string): SlipwayError =>
    new SlipwayError('DF_BAD_DEVICE', message, {
      at: value.span,
      hint: 'write `vendor.com/class=name`, and `,required` after it',
    });
  let name = '';
  let required = false;
  for (const field of parseCsv(value.text, value.span)) {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const text = equals < 0 ? 'true' : field.slice(equals + 1);
    if (key === 'required') {
      if (!/^(?:[01tTfF]|TRUE|true|True|FALSE|false|False)$/.test(text)) throw fail(`invalid value for required: ${text}`);
      required = /^[1tT]/.test(text);
    } else if (key === 'name' && equals >= 0) {
      if (name !== '') throw fail(`device name already set to ${name}`);
      name = text;
    } else if (name === '') name = field;
    else throw fail(equals < 0 ? `invalid field '${field}' must be a key=value pair` : `unexpected key '${key}' in '${field}'`);
  }
  return { name, required };
}
