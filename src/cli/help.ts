import type { CommandHelp } from './command.ts';
import { globalFlags } from './engine-options.ts';
import { exitCodes } from './exit-codes.ts';
import type { Flag, FlagTable } from './flags/flag.ts';

/** `slipway build --help`. */
export function commandHelp(command: CommandHelp): string {
  const own = Object.fromEntries(Object.entries(command.flags).filter(([name]) => !Object.hasOwn(globalFlags, name)));
  const names = [command.name, ...(command.aliases ?? [])].join(', ');
  const parts = [`${command.about}\n\nUsage: slipway ${command.name} ${command.usage}\n`];
  if (command.aliases !== undefined) parts.push(`Names: ${names}\n`);
  if (command.details !== undefined) parts.push(`${command.details}\n`);
  if (command.examples.length > 0)
    parts.push(`Examples:\n${command.examples.map(({ line, about }) => `  # ${about}\n  ${line}\n`).join('\n')}`);
  const works = select(own, (flag) => flag.later !== true && flag.ignored === undefined);
  if (works !== '') parts.push(`Options:\n${works}`);
  parts.push(`Options of every command:\n${select(globalFlags, () => true)}`);
  const ignored = listed(own, (flag) => flag.ignored !== undefined);
  if (ignored !== '') parts.push(`Accepted without effect: ${ignored}\n`);
  const later = listed(own, (flag) => flag.later === true);
  if (later !== '') parts.push(`Not supported yet, and refused: ${later}\n`);
  return parts.join('\n');
}

/** `slipway --help`. */
export function overview(commands: readonly Pick<CommandHelp, 'name' | 'about'>[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}\n`).join('');
  return `Builds multi-stage Dockerfiles into OCI images: no daemon, nothing left running.

Usage: slipway COMMAND [OPTIONS] [ARGUMENTS]

Try this in a directory with a Dockerfile:
  slipway build -t app .
  slipway run app

Commands:
${list}
\`slipway COMMAND --help\` shows examples and options.

Options of every command:
${select(globalFlags, () => true)}
Exit codes: ${exitCodes.ok} done, ${exitCodes.step} a step of the build failed, ${exitCodes.input} wrong input, ${exitCodes.registry} registry, ${exitCodes.permission} missing right,
  ${exitCodes.resource} disk or memory full, ${exitCodes.internal} a fault of Slipway, ${exitCodes.cancelled} cancelled. \`run\` ends with the process's own code.
`;
}

function select(table: FlagTable, want: (flag: Flag) => boolean): string {
  const rows = Object.entries(table)
    .filter(([, flag]) => flag.about !== undefined && want(flag))
    .map(([name, flag]): readonly [string, string] => {
      const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
      return [
        `  ${short}--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`,
        `${flag.about}${flag.kind === 'list' ? ' (repeatable)' : ''}`,
      ];
    })
    .sort(([a], [b]) => (a.slice(6) < b.slice(6) ? -1 : 1));
  const width = Math.min(32, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width ? `${left}\n${' '.repeat(width)}  ${right}\n` : `${left.padEnd(width)}  ${right}\n`,
    )
    .join('');
}

function listed(table: FlagTable, want: (flag: Flag) => boolean): string {
  return Object.entries(table)
    .filter(([, flag]) => want(flag))
    .map(([name]) => `--${name}`)
    .sort()
    .join(' ');
}
