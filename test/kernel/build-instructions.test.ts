import { testRecordedBuilds } from './support/recorded-builds.ts';

testRecordedBuilds(['DF-ARG-', 'DF-FROM-', 'DF-LEX-', 'DF-MISC-', 'DF-ONB-', 'DF-RUN-', 'DF-VAR-'], 80);
