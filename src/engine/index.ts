export { type Engine, type EngineJob, openEngine, type SolveRequest } from './engine.ts';
export { recover } from './recover.ts';
export { type EngineSettings, engineSettings } from './settings.ts';
export type { StepPlace } from './step-memory.ts';
