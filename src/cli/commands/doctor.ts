import { type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { DoctorFinding } from '../ports.ts';

const flags = { json: { kind: 'bool', about: 'one JSON array, for scripts' } } as const;

export const doctorCommand: Command = defineCommand({
  name: 'doctor',
  usage: '[OPTIONS]',
  about: 'Try what builds need on this machine, and say what is missing',
  details:
    'Nothing is guessed from names or versions: an overlay is mounted, a process is run.\nEnds with 4 when something is broken.',
  examples: [{ line: 'slipway doctor', about: 'can this machine build everything?' }],
  flags,
  takes: { min: 0, max: 0 },
  run: runDoctor,
});

async function runDoctor({ flags: given, io, library, engine }: Call<typeof flags>): Promise<number> {
  const { doctor } = await library();
  const findings = await doctor({ engine });
  io.stdout.write(given.isOn('json') ? `${JSON.stringify(findings, undefined, 2)}\n` : findings.map(lineOf).join(''));
  return findings.some(({ state }) => state === 'broken') ? exitCodes.permission : exitCodes.ok;
}

const marks = { ok: 'ok     ', missing: 'missing', broken: 'BROKEN ' } as const;

/** `ok       overlayfs   mounts in the store`; further lines and the hint are indented. */
function lineOf({ name, state, detail, hint }: DoctorFinding): string {
  const [first = '', ...more] = detail.split('\n');
  const lines = [`${marks[state]}  ${name.padEnd(16)} ${first}`, ...more.map((line) => `         ${line}`)];
  if (hint !== undefined && state !== 'ok') lines.push(`         hint: ${hint}`);
  return `${lines.join('\n')}\n`;
}
