import type { KeyPart } from './ports.ts';

/** What is kept of a step's key, so that a later miss can be told apart from it. */
export interface RememberedKey<R> {
  /** The step's progress name. */
  readonly name: string;
  readonly parts: readonly KeyPart[];
  /** Progress names of the vertices it takes its inputs from. */
  readonly inputNames: readonly string[];
  readonly results: readonly R[];
}

/** Paths that differ between what a step took before and what it takes now; the lists are cut, the counts are not. */
export interface FileChanges {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Only the mode or the owner differs. */
  readonly modeOnly: readonly string[];
  readonly total: number;
}

/** Why a step could not be answered from the cache. */
export type MissReason =
  /** Nothing like it was built here before. */
  | { readonly kind: 'never-built' }
  | { readonly kind: 'no-cache' }
  /** It was built before with equal inputs, but its result is no longer in the store. */
  | { readonly kind: 'result-gone' }
  | { readonly kind: 'instruction'; readonly before: string; readonly after: string }
  | { readonly kind: 'env'; readonly name: string; readonly before: string | undefined; readonly after: string | undefined }
  | { readonly kind: 'setting'; readonly name: string; readonly before: string | undefined; readonly after: string | undefined }
  | { readonly kind: 'base-image'; readonly before: string; readonly after: string }
  /** The step that it builds on, or copies from, ran again; or it is another one now, where `before` says which it was. */
  | { readonly kind: 'upstream'; readonly step: string; readonly before?: string }
  /** What it takes from the build context. */
  | { readonly kind: 'files'; readonly changes: FileChanges | undefined };

export interface MissQuestion<R> {
  readonly name: string;
  readonly parts: readonly KeyPart[];
  readonly inputNames: readonly string[];
  /** Earlier keys of the same step, latest first. */
  readonly earlier: readonly RememberedKey<R>[];
}

export interface MissAnswer<R> {
  readonly reasons: readonly MissReason[];
  /** The earlier key it was held against. */
  readonly nearest: RememberedKey<R> | undefined;
}

/** Hold a key against the nearest earlier one, the one with the fewest differences, and say what differs. */
export function explainMiss<R>({ name, parts, inputNames, earlier }: MissQuestion<R>): MissAnswer<R> {
  let best: MissAnswer<R> = { reasons: [{ kind: 'never-built' }], nearest: undefined };
  for (const candidate of earlier) {
    const reasons = differences(candidate, { name, parts, inputNames });
    if (best.nearest === undefined || reasons.length < best.reasons.length) best = { reasons, nearest: candidate };
  }
  return best.nearest !== undefined && best.reasons.length === 0 ? { ...best, reasons: [{ kind: 'result-gone' }] } : best;
}

/**
 * Leave out what only looks like a reason while there is a better one: an input with another key that was cut off early and so gives what it
 * gave before (`ran` names those that did run), and files of the context that the result does not show.
 */
export function likelyReasons(
  reasons: readonly MissReason[],
  ran: ReadonlySet<string>,
  changes: FileChanges | undefined,
): readonly MissReason[] {
  const full = reasons.map((reason): MissReason => {
    if (reason.kind === 'upstream' && ran.has(reason.step)) return { kind: 'upstream', step: reason.step };
    return reason.kind === 'files' ? { ...reason, changes } : reason;
  });
  const likely = full.filter((reason) => {
    if (reason.kind === 'upstream') return ran.has(reason.step) || reason.before !== undefined;
    return reason.kind !== 'files' || changes === undefined || changes.total > 0;
  });
  return likely.length === 0 ? full : likely;
}

type Side = Pick<RememberedKey<unknown>, 'name' | 'parts' | 'inputNames'>;

/** Parts whose change is a change of the instruction's own words. */
const wording = /^(?:kind|command|action \d+|identifier)$/;

const inputField = /^(content of )?input (\d+)$/;

function differences(before: Side, after: Side): readonly MissReason[] {
  const old = fieldsOf(before.parts);
  const now = fieldsOf(after.parts);
  const reasons: MissReason[] = [];
  // The name of a step tells little of a heredoc, and nothing of SHELL.
  const hasOtherWords = instructionOf(before.name) !== instructionOf(after.name) && !after.name.includes('<<');
  let isReworded = false;
  /** Of inputs that one side alone has: other parts tell why. */
  const lopsided: MissReason[] = [];
  for (const field of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(field), now.get(field)];
    if (was === is) continue;
    if (wording.test(field) && (field !== 'command' || hasOtherWords)) isReworded = true;
    else if (inputField.test(field) && (was === undefined || is === undefined))
      lopsided.push(reasonFor(field, was, is, before, after));
    else reasons.push(reasonFor(field, was, is, before, after));
  }
  if (!isReworded) return reasons.length === 0 ? lopsided : reasons;
  // Its mounts are among its words.
  const others = reasons.filter((reason) => reason.kind !== 'setting' || !reason.name.startsWith('mount '));
  return [{ kind: 'instruction', before: before.name, after: after.name }, ...others];
}

function reasonFor(field: string, was: string | undefined, is: string | undefined, before: Side, after: Side): MissReason {
  if (field.startsWith('env ')) {
    const name = field.slice('env '.length);
    return { kind: 'env', name, before: shown(name, was), after: shown(name, is) };
  }
  const [wasImage, isImage] = [imageOf(before.name), imageOf(after.name)];
  if (field === 'source' && wasImage !== undefined && isImage !== undefined && wasImage !== isImage)
    return { kind: 'base-image', before: wasImage, after: isImage };
  const input = inputField.exec(field);
  if (input === null) return { kind: 'setting', name: field, before: was, after: is };
  if (input[1] !== undefined) return { kind: 'files', changes: undefined };
  const index = Number(input[2]);
  const [wasFrom = '', isFrom = ''] = [before.inputNames[index], after.inputNames[index]];
  const [wasBase, isBase] = [imageOf(wasFrom), imageOf(isFrom)];
  if (wasBase !== undefined && isBase !== undefined && wasBase !== isBase)
    return { kind: 'base-image', before: wasBase, after: isBase };
  const isOther = wasFrom !== '' && instructionOf(wasFrom) !== instructionOf(isFrom);
  return { kind: 'upstream', step: isFrom, ...(isOther ? { before: wasFrom } : {}) };
}

/** `[build 2/3] RUN make` → `RUN make`: without the number, which changes when other steps come or go. */
export function instructionOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** `[build 1/3] FROM docker.io/library/alpine:3.20@sha256:…` → the image. */
function imageOf(name: string): string | undefined {
  return /\] FROM (\S+)/.exec(name)?.[1];
}

/** Parts by name; each environment variable is a field of its own. */
function fieldsOf(parts: readonly KeyPart[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const { name, value } of parts) {
    if (name !== 'env') fields.set(name, value);
    else fields.set(`env ${value.slice(0, value.indexOf('='))}`, value.slice(value.indexOf('=') + 1));
  }
  return fields;
}

const secretName = /pass|pwd|secret|token|key|auth|credential/i;

/** Is a variable of this name likely to hold what should not be shown? */
export function looksSecret(name: string): boolean {
  return secretName.test(name);
}

function shown(name: string, value: string | undefined): string | undefined {
  return value === undefined || !looksSecret(name) ? value : '****';
}
