export type { BuildEvent, EmitEvent, StepId } from './events.ts';
