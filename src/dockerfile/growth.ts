import { SlipwayError, type SourceSpan } from '../base/index.ts';

/** All that one file may become, in characters: many long words together need more memory than there is. */
const maxGrowth = 1 << 26;

/**
 * Counts what a file becomes when its variables are filled in and its stages inherit from each other. What is no text
 * counts as the characters that would take as much memory.
 */
export class Growth {
  #size = 0;

  get isTooMuch(): boolean {
    return this.#size > maxGrowth;
  }

  /** @throws {SlipwayError} `DF_TOO_LONG` once all of it together is too much */
  add(size: number, at?: SourceSpan): void {
    this.#size += size;
    if (!this.isTooMuch) return;
    const message = `with its variables filled in, the Dockerfile is longer than ${maxGrowth} characters`;
    throw new SlipwayError('DF_TOO_LONG', message, {
      at,
      hint: 'do variables grow from line to line? Put long values into a file',
    });
  }

  /** Is there room for so much more? Then it is counted. */
  takes(size: number): boolean {
    this.#size += size;
    return !this.isTooMuch;
  }
}

/** What one variable that a stage inherits counts for. */
export const inheritedVariable = 32;
/** What one trigger that a stage inherits counts for. */
export const inheritedTrigger = 1024;
