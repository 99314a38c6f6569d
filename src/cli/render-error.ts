import { constants } from 'node:os';
import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { StepError } from './ports.ts';
import { visible } from './progress/cells.ts';
import type { Paint } from './progress/colors.ts';
import { maxShown, moreThanShown, withoutControls } from './render-diagnostics.ts';
import { isStepError } from './step-error.ts';

export interface ErrorView {
  readonly paint: Paint;
  /** Shows a place among the lines of its file. */
  readonly frame: (lines: readonly string[], at: SourceSpan) => string;
  readonly debug: boolean;
  /** Was the output of the failed step printed already? */
  readonly logsShown: boolean;
  readonly sourceText: (file: string) => string | undefined;
}

const tailLines = 10;

/**
 * An error as a sentence to a person: what happened, where, what to try. A Dockerfile with several mistakes shows them all.
 */
export function renderError(error: SlipwayError, view: ErrorView): string {
  const parts = mistakesOf(error);
  const linesOf = linesOnce(view.sourceText);
  let out = parts
    .slice(0, maxShown)
    .map((part) => renderOne(part, view, linesOf))
    .join('\n');
  if (parts.length > maxShown) out += moreThanShown(parts.length);
  if (parts.length > 1) out += `\n${parts.length} errors\n`;
  if (view.debug) out += renderDebug(error);
  else if (error.class === 'internal')
    out += '  hint: this is a fault of Slipway; `--debug` shows where it happened, please report it\n';
  return out;
}

interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly at?: SourceSpan | undefined;
  readonly hint?: string | undefined;
}

/** A Dockerfile's error carries every mistake that was found. */
function mistakesOf(error: SlipwayError): readonly Mistake[] {
  const found = 'diagnostics' in error && Array.isArray(error.diagnostics) ? (error.diagnostics as readonly Mistake[]) : [];
  return found.length === 0 ? [error] : found;
}

function renderOne(error: Mistake, view: ErrorView, linesOf: LinesOf): string {
  let out = `${view.paint('error', `error[${error.code}]`)}: ${withoutControls(error.message)}\n`;
  const details: string[] = [];
  if (error.at !== undefined) details.push(view.frame(linesOf(error.at.file), error.at));
  if (error instanceof SlipwayError && isStepError(error)) details.push(...stepDetails(error, view));
  if (error.hint !== undefined) details.push(`  hint: ${error.hint}\n`);
  if (error instanceof SlipwayError && isStepError(error) && error.step !== undefined)
    details.push('  look around: `slipway shell` opens a shell in what the step left\n');
  if (details.length > 0) out += `${error.at === undefined ? '' : '\n'}${details.join('')}`;
  return out;
}

type LinesOf = (file: string) => readonly string[];

/** The lines of a file, as far as its text is at hand; each file is read once, however many places of it are shown. */
function linesOnce(sourceText: ErrorView['sourceText']): LinesOf {
  const known = new Map<string, readonly string[]>();
  return (file) => {
    const lines =
      known.get(file) ??
      sourceText(file)
        ?.replace(/^\uFEFF/, '')
        .split(/\r*\n/) ??
      [];
    known.set(file, lines);
    return lines;
  };
}

function stepDetails(error: StepError, view: ErrorView): readonly string[] {
  const details: string[] = [];
  if (error.step !== undefined) details.push(`  step: ${error.step}\n`);
  const death = deathOf(error);
  if (death !== undefined) details.push(`  ${death}\n`);
  const lines = error.logTail.replace(/\n$/, '').split('\n').slice(-tailLines);
  if (!view.logsShown && lines.join('') !== '') {
    details.push(
      `  its last ${lines.length === 1 ? 'line' : 'lines'} of output:\n${lines.map((line) => `    ${visible(line)}\n`).join('')}`,
    );
  }
  return details;
}

/** Which signal ended it, and whether memory ran out; the exit code stands in the message. */
function deathOf({ exitCode, outOfMemory }: StepError): string | undefined {
  const signal =
    exitCode > 128 ? Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0] : undefined;
  const why = outOfMemory ? 'memory ran out' : undefined;
  return signal === undefined ? why : `ended by signal ${exitCode - 128} (${signal})${why === undefined ? '' : `: ${why}`}`;
}

function renderDebug(error: Error): string {
  let out = '';
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 8; depth++) {
    out += `  ${depth === 0 ? 'thrown at' : 'caused by'}: ${each.stack ?? each.message}\n`;
    each = each.cause;
  }
  return out;
}
