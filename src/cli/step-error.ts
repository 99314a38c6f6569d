import type { SlipwayError } from '../base/index.ts';
import type { StepError } from './ports.ts';

/** Did a command of the user's own fail? Told by its shape: asking for the class would load the solver at every start. */
export function isStepError(error: SlipwayError): error is StepError {
  return error.name === 'StepError' && 'logTail' in error && 'exitCode' in error;
}
