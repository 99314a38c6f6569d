import type { Word } from '../instruction.ts';
import type { StageRun, StageStep } from './stage-run.ts';

interface PortText {
  readonly on: StageStep['on'];
  readonly word: Word;
  /** After expansion. */
  readonly text: string;
}

/** The ports of every EXPOSE, sorted as the builder sorts them. */
export function portTexts(runs: readonly StageRun[]): readonly PortText[] {
  return runs.flatMap(({ steps }) =>
    steps.flatMap(({ instruction, on, expanded }) => {
      if (instruction.kind !== 'expose') return [];
      const sorted = [...instruction.ports].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
      return sorted.flatMap((word) => (expanded.get(word) ?? '').split(' ').flatMap((text) => (text === '' ? [] : [{ on, word, text }])));
    }),
  );
}
