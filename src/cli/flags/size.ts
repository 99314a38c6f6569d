import { SlipwayError } from '../../base/index.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  ...Object.fromEntries(['k', 'm', 'g', 't'].flatMap((unit, at) => [unit, `${unit}ib`].map((name) => [name, 1024 ** (at + 1)]))),
};

/**
 * Read a size: `10GB` is decimal, as sizes are printed; `10GiB` and `10g` are binary.
 * @throws {SlipwayError} `CLI_BAD_FLAG_VALUE`
 */
export function parseSize(text: string, flag: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (count === undefined || factor === undefined) {
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${text}\` is not a size for \`${flag}\``, {
      hint: `write it as \`${flag} 10GB\``,
    });
  }
  return Math.floor(Number(count) * factor);
}
