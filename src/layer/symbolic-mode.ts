import { SlipwayError } from '../base/index.ts';

/** Maps the mode of an entry to its new mode. */
export type ModeChange = (mode: number, isDir: boolean) => number;

/**
 * Parse a mode in the grammar of chmod(1), such as `u+x,go=r`, `a+rX` or `g=u`, with umask 0.
 *
 * @throws {SlipwayError} `LAYER_BAD_MODE`
 */
export function parseSymbolicMode(text: string): ModeChange {
  const steps = text.split(',').flatMap((clause) => parseClause(clause, text));
  return (mode, isDir) => steps.reduce((current, step) => step(current, mode, isDir), mode & 0o7777);
}

type Step = (current: number, original: number, isDir: boolean) => number;

const whoBits: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o007, a: 0o6777 };
const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function parseClause(clause: string, text: string): Step[] {
  const match = /^([ugoa]*)((?:[+=-](?:[rwxXst]*|[ugo]))+)$/.exec(clause);
  if (match === null) {
    throw new SlipwayError('LAYER_BAD_MODE', `invalid chmod parameter: '${text}'`, {
      hint: 'write an octal mode such as `755`, or a symbolic one such as `u+x,go=r`',
    });
  }
  const [, who = '', actions = ''] = match;
  const steps: Step[] = [];
  for (const [, op = '', perms = ''] of actions.matchAll(/([+=-])([rwxXstugo]*)/g)) {
    steps.push(/^[ugo]$/.test(perms) ? copyStep(who, op, perms) : setStep(who, op, perms));
  }
  return steps;
}

function setStep(who: string, op: string, perms: string): Step {
  const isOtherOnly = /^o+$/.test(who);
  let reach = who === '' ? 0o6777 : maskOf(who);
  let bits = 0;
  for (const perm of perms) {
    if (perm === 'r') bits |= 0o444;
    else if (perm === 'w') bits |= 0o222;
    else if (perm === 'x') bits |= 0o111;
    else if (perm === 's' && !isOtherOnly) bits |= 0o6000;
    else if (perm === 't' && !isOtherOnly) {
      bits |= 0o1000;
      reach |= 0o1000;
    }
  }
  const wantsX = perms.includes('X');
  return (current, original, isDir) => {
    const all = wantsX && (isDir || (original & 0o111) !== 0) ? bits | 0o111 : bits;
    if (op === '-') return current & ~(reach & all);
    return (op === '=' ? current & ~reach : current) | (reach & all);
  };
}

/** `g=u`: the bits one class has now, for others. */
function copyStep(who: string, op: string, from: string): Step {
  const reach = (who === '' ? 0o777 : maskOf(who)) & 0o777;
  return (current) => {
    const value = (current >> (shifts[from] ?? 0)) & 0o7;
    const spread = ((value << 6) | (value << 3) | value) & reach;
    if (op === '-') return current & ~spread;
    return (op === '=' ? current & ~reach : current) | spread;
  };
}

function maskOf(who: string): number {
  let mask = 0;
  for (const letter of who) mask |= whoBits[letter] ?? 0;
  return mask;
}
