import type { Environment } from '../flags/key-values.ts';

export type Role = 'run' | 'cancel' | 'warning' | 'error';

/** Wraps a text in the colour of its role. */
export type Paint = (role: Role, text: string) => string;

const names: Readonly<Record<string, string>> = {
  black: '30',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
  white: '37',
};

const defaults: Readonly<Record<Role, string>> = { run: '34', cancel: '33', warning: '33', error: '31' };

export const plainPaint: Paint = (_role, text) => text;

/**
 * The colours of a terminal: none when `NO_COLOR` is set, else those of `BUILDKIT_COLORS`
 * (`run=blue:cancel=yellow:warning=255,200,0:error=red`); an entry that can't be read keeps its default.
 */
export function paintFrom(env: Environment): Paint {
  if (env['NO_COLOR']) return plainPaint;
  const codes = { ...defaults };
  for (const entry of (env['BUILDKIT_COLORS'] ?? '').split(':')) {
    const equals = entry.indexOf('=');
    const role = entry.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const code = codeOf(
      entry
        .slice(equals + 1)
        .trim()
        .toLowerCase(),
    );
    if (Object.hasOwn(codes, role) && code !== undefined) codes[role as Role] = code;
  }
  return (role, text) => (text === '' ? '' : `\u001b[${codes[role]}m${text}\u001b[0m`);
}

function codeOf(text: string): string | undefined {
  if (Object.hasOwn(names, text)) return names[text];
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length !== 3 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return `38;2;${parts.map(Number).join(';')}`;
}
