import { testRecordedBuilds } from './support/recorded-builds.ts';

testRecordedBuilds(['CTX-', 'DF-COPY-', 'DF-HD-', 'IMG-'], 130, ['DF-COPY-26', 'DF-COPY-28', 'DF-COPY-37', 'IMG-03', 'IMG-06']);
