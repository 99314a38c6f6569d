import { testRecordedBuilds } from './support/recorded-builds.ts';

testRecordedBuilds(['CTX-', 'DF-COPY-', 'DF-HD-', 'IMG-'], 130);
