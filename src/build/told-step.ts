import { type SourceSpan, toSlipwayError } from '../base/index.ts';
import type { EmitEvent, StepId } from '../solver/index.ts';

/** Says one thing that was done, and how many bytes it moved. */
export type Tell = (part: string, sizeBytes?: number) => void;

export interface OwnStep {
  readonly id: StepId;
  readonly name: string;
  /** What it is done for: a failure that has no place of its own gets this one. */
  readonly at?: SourceSpan | undefined;
}

/** Show `work` as a step of the build, from its start to its end. @throws {SlipwayError} what `work` throws, once that is told */
export async function toldStep<T>(emit: EmitEvent, { id, name, at }: OwnStep, work: (tell: Tell) => T | Promise<T>): Promise<T> {
  emit({ kind: 'step-started', step: id, name, atMs: Date.now() });
  const tell: Tell = (part, sizeBytes) => {
    const unit = sizeBytes === undefined ? 'none' : 'bytes';
    emit({ kind: 'step-progress', step: id, part, current: sizeBytes ?? 0, total: 0, unit, done: true, atMs: Date.now() });
  };
  try {
    const made = await work(tell);
    emit({ kind: 'step-done', step: id, atMs: Date.now() });
    return made;
  } catch (thrown) {
    const error = toSlipwayError(thrown);
    error.at ??= at;
    emit({ kind: 'step-failed', step: id, error, atMs: Date.now() });
    throw error;
  }
}
