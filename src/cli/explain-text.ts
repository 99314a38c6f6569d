import { formatDuration } from '../base/index.ts';
import { lineDiff } from './line-diff.ts';
import type { BuildExplanation, ExplainedStep, FileChanges, MissReason } from './ports.ts';
import { changeText, instructionOf, isHeredoc, settingName, shortDigest } from './progress/why.ts';
import { timeAgo } from './table.ts';

/** Without `--all`, so many files of a step are named. */
const namedFiles = 10;
const indent = ' '.repeat(18);

/** What became of each step, and why, for people. */
export function explanationText({ build, steps }: BuildExplanation, options: { nowMs: number; all: boolean }): string {
  const ended = { completed: 'completed', error: 'failed', canceled: 'was canceled' }[build.status];
  const head = `${build.name}, ${timeAgo(build.startedAt, options.nowMs)}: ${ended} after ${formatDuration(build.durationMs)}; ${sums(steps)}\n`;
  const error =
    build.error === undefined || steps.some(({ outcome }) => outcome === 'failed')
      ? ''
      : `\n${build.error.code}: ${build.error.message}\n`;
  return visible(`${head}${error}\n${steps.map((step) => stepText(step, options.all)).join('')}`);
}

function sums(steps: readonly ExplainedStep[]): string {
  const count = (outcome: ExplainedStep['outcome'], word: string): readonly string[] => {
    const found = steps.filter((step) => step.outcome === outcome).length;
    return found === 0 ? [] : [`${found} ${word}`];
  };
  const parts = [
    ...count('cached', 'cached'),
    ...count('ran', 'ran'),
    ...count('failed', 'failed'),
    ...count('stopped', 'stopped'),
  ];
  return parts.length === 0 ? 'it came to no step' : parts.join(', ');
}

function stepText(step: ExplainedStep, all: boolean): string {
  const time = step.outcome === 'cached' ? '' : formatDuration(step.durationMs);
  const why = [...(step.outcome === 'cached' ? cachedText(step) : step.reasons.flatMap((reason) => reasonLines(reason, all)))];
  return `${step.outcome.padEnd(8)} ${time.padStart(7)}  ${oneLine(step.name)}\n${why.map((line) => `${indent}${line}\n`).join('')}`;
}

function cachedText({ cachedBy }: ExplainedStep): readonly string[] {
  switch (cachedBy) {
    case 'content':
      return ['something before it changed, and gave it the same content'];
    case 'other-build':
      return ['another build made it at the same time'];
    case 'definition':
    case undefined:
      return [];
  }
}

function reasonLines(reason: MissReason, all: boolean): readonly string[] {
  switch (reason.kind) {
    case 'never-built':
      return ['new: no earlier build had such a step'];
    case 'no-cache':
      return ['the cache was not to be used (--no-cache)'];
    case 'result-gone':
      return ['nothing changed, but its result was no longer in the store (pruned)'];
    case 'instruction':
      return instructionOf(reason.before) === instructionOf(reason.after)
        ? ['the same words, but what they stand for changed']
        : ['the instruction changed:', ...diffLines(instructionOf(reason.before), instructionOf(reason.after))];
    case 'env':
      return [changeText(`$${reason.name}`, reason.before, reason.after, 200)];
    case 'setting':
      if (reason.name === 'command' && reason.before !== undefined && reason.after !== undefined)
        return ['its command changed:', ...diffLines(commandText(reason.before), commandText(reason.after))];
      return [changeText(settingName(reason.name), reason.before, reason.after, 200)];
    case 'base-image':
      return ['the base image moved:', `  - ${reason.before}`, `  + ${reason.after}`];
    case 'upstream': {
      if (isHeredoc(reason.step)) return ['the text of its heredoc changed'];
      const [step, before] = [
        oneLine(reason.step),
        reason.before === undefined ? undefined : oneLine(instructionOf(reason.before)),
      ];
      return [before === undefined ? `it builds on ${step}, which ran` : `it follows ${step}, no longer ${before}`];
    }
    case 'files':
      return filesLines(reason.changes, all);
  }
}

function filesLines(changes: FileChanges | undefined, all: boolean): readonly string[] {
  if (changes === undefined) return ['what it takes from the build context changed'];
  if (changes.total === 0) return ['files of the build context changed in a way that its result does not show'];
  const named = [
    ...changes.changed.map((path) => `changed    /${path}`),
    ...changes.added.map((path) => `added      /${path}`),
    ...changes.removed.map((path) => `removed    /${path}`),
    ...changes.modeOnly.map((path) => `mode only  /${path}`),
  ];
  const shown = all ? named : named.slice(0, namedFiles);
  const more = changes.total - shown.length;
  if (more === 0) return shown;
  return [...shown, `and ${more} more${all ? ', whose names are not kept' : '; --all names them'}`];
}

/** The lines that differ; long equal parts are left out. */
function diffLines(before: string, after: string): readonly string[] {
  const lines = lineDiff(before, after, '').split('\n').slice(2, -1);
  return lines.filter((line) => !line.startsWith('@@ ')).map((line) => `  ${line.slice(0, 1)} ${line.slice(1)}`);
}

/** `["/bin/sh","-c","make"]` → `/bin/sh -c make`. */
function commandText(args: string): string {
  return (JSON.parse(args) as readonly string[]).join(' ').trimEnd();
}

/** The first line of a step's name; a digest in it is cut. */
function oneLine(name: string): string {
  const [first = '', ...more] = shortDigest(name, 12).split('\n');
  return more.length === 0 ? first : `${first} …`;
}

/** What could move the cursor is shown as its code. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) =>
    char === '\t' ? '  ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
