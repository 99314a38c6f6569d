export type { BuildEvent, EmitEvent, StepId } from './events.ts';
export { keyOf } from './keys.ts';
export type { CacheRecord, Candidate, CandidateInput, KeyPart, OpContext, OpRunner, ResultCache } from './ports.ts';
export { type Job, type Outcome, type SolveOptions, startJob } from './solve.ts';
export { StepError, type StepFailure } from './step-error.ts';
