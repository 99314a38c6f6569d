export type { BuildEvent, CachedBy, EmitEvent, StepId } from './events.ts';
export { explainMiss, type FileChanges, instructionOf, looksSecret, type MissReason, type RememberedKey } from './explain.ts';
export { keyOf } from './keys.ts';
export type { CacheRecord, Candidate, CandidateInput, KeyPart, OpContext, OpRunner, ResultCache, RunContext } from './ports.ts';
export { type Job, type Outcome, type SolveOptions, startJob, type StepMemory } from './solve.ts';
export { StepError, type StepFailure } from './step-error.ts';
