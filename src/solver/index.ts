export type { BuildEvent, CachedBy, EmitEvent, StepId } from './events.ts';
export { type FileChanges, instructionOf, looksSecret, type MissReason, type RememberedKey } from './explain.ts';
export { keyOf } from './keys.ts';
export type { CacheRecord, Candidate, KeyPart, OpContext, OpRunner, ResultCache, RunContext } from './ports.ts';
export type { StepMemory } from './explain-run.ts';
export { type Job, startJob } from './solve.ts';
export { StepError } from './step-error.ts';
