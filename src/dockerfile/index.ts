export { renderCodeFrame } from './code-frame.ts';
export { parseDuration } from './duration.ts';
export {
  type ExpandOptions,
  type Expansion,
  expandHeredoc,
  expandToWords,
  expandWord,
  type VariableLookup,
  type Variables,
  variablesIn,
} from './expand.ts';
export type {
  AddInstruction,
  ArgDeclaration,
  ArgInstruction,
  CmdInstruction,
  CommandLine,
  CopyInstruction,
  CopySource,
  Diagnostic,
  Directive,
  Directives,
  Dockerfile,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  Flag,
  FromInstruction,
  Healthcheck,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  InstructionBase,
  InstructionKind,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  MountField,
  OnbuildInstruction,
  RawMount,
  RunDevice,
  RunInstruction,
  ShellInstruction,
  Stage,
  StageInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  Word,
  WorkdirInstruction,
} from './instruction.ts';
export { parseMount, type RunMount } from './mount.ts';
export { parseDockerfile, type ParseResult, parseTrigger, type TriggerResult } from './parse.ts';
export { type ParsedDockerfile, type ParsedHeredoc, type ParsedInstruction, toParsedDockerfile } from './parsed-json.ts';
export { parsePortSpecs } from './port-spec.ts';
export { print, printDiagnostics, printSpan } from './print.ts';
export { isSignal, parseSignal } from './signal.ts';
