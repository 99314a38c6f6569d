import { expect, test } from 'vitest';
import { recordedImages } from '../support/recorded-images.ts';
import { testRecordedBuilds } from './support/recorded-builds.ts';

testRecordedBuilds(['DF-ARG-', 'DF-FROM-', 'DF-LEX-', 'DF-MISC-', 'DF-ONB-', 'DF-RUN-', 'DF-VAR-'], 80);

/** Rows that the recordings prove as a whole, by name for docs/compatibility.md. */
const proved = [
  'DF-MISC-06',
  'DF-MISC-12',
  'DF-ONB-06',
  'DF-RUN-05',
  'DF-RUN-07',
  'DF-RUN-09',
  'DF-RUN-15',
  'DF-RUN-16',
  'DF-RUN-17',
  'DF-RUN-23',
];
test.for(proved)('%s is among the recorded builds', (id) => {
  expect(recordedImages([`${id}-`]).length).toBeGreaterThan(0);
});
