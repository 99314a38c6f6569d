export type { OpsPorts, OpsState } from './ports.ts';
export { emptySnapshot, type OpResult } from './result.ts';
export { createOpRunner, type OpRunnerHandle } from './runner.ts';
