import { SlipwayError } from '../../base/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `--build-arg K[=V]`: without `=`, the value of the variable K; where that is unset, the argument is dropped. Later ones win. */
export function parseBuildArgs(values: readonly string[], env: Environment): Readonly<Record<string, string>> {
  const args: Record<string, string> = {};
  for (const value of values) {
    const [key, text] = splitPair(value, '--build-arg');
    const known = text ?? env[key];
    if (known === undefined) delete args[key];
    else args[key] = known;
  }
  return args;
}

/** `--label K[=V]`: without `=`, the value is empty. */
export function parseLabels(values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    values.map((value) => {
      const [key, text] = splitPair(value, '--label');
      return [key, text ?? ''];
    }),
  );
}

/** `--build-context NAME=VALUE`. */
export function parseContexts(values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    values.map((value) => {
      const equals = value.indexOf('=');
      if (equals <= 0 || equals === value.length - 1) {
        throw new SlipwayError('CLI_BAD_FLAG_VALUE', `invalid context value: ${value}, expected key=value`, {
          hint: 'write `--build-context NAME=DIRECTORY`, or docker-image://… or oci-layout://… for the value',
        });
      }
      return [value.slice(0, equals), value.slice(equals + 1)];
    }),
  );
}

/** `-e K[=V]` of `run`: `NAME=value` words; a name alone takes the variable's value, and is dropped where that is unset. */
export function parseRunEnv(values: readonly string[], env: Environment): readonly string[] {
  return values.flatMap((value) => {
    const [key, text] = splitPair(value, '--env');
    const known = text ?? env[key];
    return known === undefined ? [] : [`${key}=${known}`];
  });
}

function splitPair(value: string, flag: string): readonly [string, string | undefined] {
  const equals = value.indexOf('=');
  const key = equals < 0 ? value : value.slice(0, equals);
  if (key.trim() === '')
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', `the value \`${value}\` of \`${flag}\` has no name before \`=\``);
  return [key, equals < 0 ? undefined : value.slice(equals + 1)];
}
