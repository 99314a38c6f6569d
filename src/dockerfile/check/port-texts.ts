import type { Word } from '../instruction.ts';
import type { StageRun, StageStep } from './stage-run.ts';

interface PortText {
  readonly step: StageStep;
  /** Its number among those of the instruction. */
  readonly part: number;
  readonly word: Word;
  /** After expansion. */
  readonly text: string;
}

/** The ports of every EXPOSE, sorted as the builder sorts them. */
export function portTexts(runs: readonly StageRun[]): readonly PortText[] {
  return runs.flatMap(({ steps }) =>
    steps.flatMap((step) => {
      const { instruction, expanded } = step;
      if (instruction.kind !== 'expose') return [];
      const sorted = [...instruction.ports].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
      return sorted
        .flatMap((word) => (expanded.get(word) ?? '').split(' ').flatMap((text) => (text === '' ? [] : [{ word, text }])))
        .map(({ word, text }, part) => ({ step, part, word, text }));
    }),
  );
}
