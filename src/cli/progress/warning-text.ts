import type { BuildEvent } from '../ports.ts';

/** `StageNameCasing: Stage name 'X' should be lowercase (line 1)`: a warning in the list at the end of a build. */
export function warningText({ code, message, at, line = at?.start.line }: Extract<BuildEvent, { kind: 'warning' }>): string {
  return `${code === undefined ? '' : `${code}: `}${message}${line === undefined ? '' : ` (line ${line})`}`;
}
