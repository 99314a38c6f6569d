import { SlipwayError, type SourceSpan } from '../base/index.ts';

const names = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP ' +
    'TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
);
for (let offset = 1; offset <= 15; offset++) names.add(`RTMIN+${offset}`);
for (let offset = 1; offset <= 14; offset++) names.add(`RTMAX-${offset}`);

/** A signal's name, with or without `SIG`, in any case, or a number other than 0. */
export function isSignal(text: string): boolean {
  if (/^[+-]?\d+$/.test(text)) return Number(text) !== 0;
  return names.has(text.toUpperCase().replace(/^SIG/, ''));
}

/**
 * Check the expanded argument of STOPSIGNAL; it is stored as written.
 *
 * @throws {SlipwayError} `DF_BAD_SIGNAL`
 */
export function parseSignal(text: string, at?: SourceSpan): string {
  if (isSignal(text)) return text;
  throw new SlipwayError('DF_BAD_SIGNAL', `invalid signal: ${text}`, {
    at,
    hint: 'write a name such as `SIGTERM` or a number such as `15`',
  });
}
