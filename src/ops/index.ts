export { type Entrance, enterStep } from './enter-step.ts';
export { rootLayers } from './exec.ts';
export { gitRequest } from './git-request.ts';
export { readResultFile } from './read-result.ts';
export { emptySnapshot, type OpResult } from './result.ts';
export { createOpRunner } from './runner.ts';
