import { SlipwayError } from '../../base/index.ts';
import type { Flags, FlagTable } from './flag.ts';
import { parseTruth } from './parse-arguments.ts';

/**
 * Refuse every flag that asks for what this release can't do: never ignore one.
 * @returns what to tell the user about flags that are accepted without effect
 * @throws {SlipwayError} `CLI_NOT_SUPPORTED`
 */
export function refuseLater<T extends FlagTable>(flags: Flags<T>, table: T, command: string): readonly string[] {
  const told: string[] = [];
  for (const [name, flag] of Object.entries(table)) {
    if (!flags.isGiven(name)) continue;
    if (typeof flag.ignored === 'string') told.push(flag.ignored);
    if (flag.later !== true) continue;
    const given =
      flag.kind === 'list'
        ? flags.list(name as never)
        : [flag.kind === 'bool' ? String(flags.isOn(name as never)) : (flags.text(name as never) ?? '')];
    const asks = given.filter(
      (value) => !(flag.harmless?.includes(value) === true || (flag.kind === 'bool' && parseTruth(value) === false)),
    );
    if (asks.length === 0) continue;
    const shown = flag.kind === 'bool' ? `--${name}` : `--${name} ${asks[0]}`;
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`${command}\` does not support \`${shown}\` yet`, {
      hint: 'leave the flag out; docs/compatibility.md lists what works',
    });
  }
  return told;
}
