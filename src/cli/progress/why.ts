import type { MissReason } from '../ports.ts';

/** Why a step ran, in one line; `undefined` where there is nothing to say: it was never built here before. */
export function whyLine(reasons: readonly MissReason[]): string | undefined {
  const texts = reasons.flatMap((reason) => reasonText(reason) ?? []);
  return texts.length === 0 ? undefined : `because ${texts.join('; ')}`;
}

/** One reason as part of a sentence that begins with "because". */
export function reasonText(reason: MissReason): string | undefined {
  switch (reason.kind) {
    case 'never-built':
      return undefined;
    case 'no-cache':
      return 'of --no-cache';
    case 'result-gone':
      return 'its earlier result is no longer in the store';
    case 'instruction':
      return instruction(reason.before) === instruction(reason.after)
        ? 'its flags changed'
        : `the instruction was \`${instruction(reason.before)}\``;
    case 'env':
      return changeText(`$${reason.name}`, reason.before, reason.after);
    case 'setting':
      return changeText(`the ${reason.name}`, reason.before, reason.after);
    case 'base-image':
      return `the base image moved from ${shortImage(reason.before)} to ${shortImage(reason.after)}`;
    case 'upstream':
      return `\`${instruction(reason.step)}\` gives something else`;
    case 'files':
      return filesText(reason.changes);
  }
}

function changeText(what: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `${what} is new${after === undefined ? '' : ` (${clip(after)})`}`;
  if (after === undefined) return `${what} is gone (was ${clip(before)})`;
  return before === after ? `${what} changed` : `${what} changed from ${clip(before)} to ${clip(after)}`;
}

type Changes = Extract<MissReason, { kind: 'files' }>['changes'];

function filesText(changes: Changes): string {
  if (changes === undefined || changes.total === 0) return 'files of the context changed';
  const named = [
    ...changes.changed.map((path) => `${path} changed`),
    ...changes.added.map((path) => `${path} is new`),
    ...changes.removed.map((path) => `${path} is gone`),
    ...changes.modeOnly.map((path) => `${path} has another mode or owner`),
  ];
  const shown = named.slice(0, 2);
  const more = changes.total - shown.length;
  return shown.join(', ') + (more > 0 ? ` (+${more} more)` : '');
}

/** `[build 2/3] RUN make` → `RUN make`. */
function instruction(name: string): string {
  return clip(name.replace(/^\[[^\]]*\] /, ''), 60);
}

function shortImage(image: string): string {
  return image.replace(/^docker\.io\/(?:library\/)?/, '').replace(/(@sha256:[0-9a-f]{8})[0-9a-f]+/, '$1…');
}

function clip(text: string, limit = 40): string {
  const line = text.replace(/\s+/g, ' ');
  if (line === '') return 'empty';
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}
