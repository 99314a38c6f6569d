import type { MissReason } from '../ports.ts';

/** Why a step ran, in one line; `undefined` where there is nothing to say: it was never built here before. */
export function whyLine(reasons: readonly MissReason[]): string | undefined {
  const texts = reasons.flatMap((reason) => reasonText(reason) ?? []);
  return texts.length === 0 ? undefined : `because ${texts.join('; ')}`;
}

/** One reason as part of a sentence that begins with "because". */
function reasonText(reason: MissReason): string | undefined {
  switch (reason.kind) {
    case 'never-built':
      return undefined;
    case 'no-cache':
      return 'of --no-cache';
    case 'result-gone':
      return 'its earlier result is no longer in the store';
    case 'instruction':
      return instructionOf(reason.before) === instructionOf(reason.after)
        ? 'what its words stand for changed'
        : `the instruction was \`${short(reason.before)}\``;
    case 'env':
      return changeText(`$${reason.name}`, reason.before, reason.after);
    case 'setting':
      return reason.name === 'command'
        ? 'its command changed'
        : changeText(settingName(reason.name), reason.before, reason.after);
    case 'base-image':
      return `the base image moved from ${shortImage(reason.before)} to ${shortImage(reason.after)}`;
    case 'upstream':
      if (isHeredoc(reason.step)) return 'the text of its heredoc changed';
      return reason.before === undefined
        ? `\`${short(reason.step)}\` ran`
        : `it follows \`${short(reason.step)}\`, no longer \`${short(reason.before)}\``;
    case 'files':
      return filesText(reason.changes);
  }
}

/** `$MODE changed from a to b`; texts longer than `limit` are cut. */
export function changeText(what: string, before: string | undefined, after: string | undefined, limit = 40): string {
  if (before === undefined) return `${what} is new${after === undefined ? '' : ` (${clip(after, limit)})`}`;
  if (after === undefined) return `${what} is gone (was ${clip(before, limit)})`;
  return before === after ? `${what} changed` : `${what} changed from ${clip(before, limit)} to ${clip(after, limit)}`;
}

const settingNames: Readonly<Record<string, string>> = {
  cwd: 'the working directory',
  hosts: '--add-host',
  network: '--network',
  'secret env': 'what secrets it gets as variables',
  security: '--security',
  ulimits: '--ulimit',
};

/** A part of a key in the words of a Dockerfile. */
export function settingName(name: string): string {
  return name.startsWith('mount ') ? `--mount of ${name.slice('mount '.length)}` : (settingNames[name] ?? `the ${name}`);
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
export function instructionOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** Does this step hold the text of a heredoc of COPY or ADD? */
export function isHeredoc(step: string): boolean {
  return step === '[internal] preparing inline document';
}

function short(name: string): string {
  return clip(instructionOf(name), 60);
}

function shortImage(image: string): string {
  return shortDigest(image.replace(/^docker\.io\/(?:library\/)?/, ''), 8);
}

/** Of digests behind an `@`, so many digits. */
export function shortDigest(text: string, digits: number): string {
  return text.replace(/(@sha256:)([0-9a-f]{64})/g, (_, head: string, hex: string) => `${head}${hex.slice(0, digits)}…`);
}

function clip(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ');
  if (line === '') return 'empty';
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}
