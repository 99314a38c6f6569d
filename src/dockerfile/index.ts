export { applyEdits } from './check/apply-edits.ts';
export { type CheckRequest, type CheckResult, checkDockerfile, type Finding, violation } from './check/check.ts';
export { excerpt } from './check/excerpt.ts';
export { type LintError, type LintJson, toLintJson } from './check/lint-json.ts';
export { toLintText } from './check/lint-text.ts';
export { type FileMistake, type Remark, toRemarks } from './check/remark.ts';
export type { BaseImage, Rule, TextEdit } from './check/rule.ts';
export { rules } from './check/rules.ts';
export { type CheckSettings, settingsFrom } from './check/settings.ts';
export { isSecretName } from './check/secrets-used-in-arg-or-env.ts';
export { moveCommentUp } from './check/slipway-trailing-comment.ts';
export { toGithub } from './check/to-github.ts';
export { toSarif } from './check/to-sarif.ts';
export { firstMistake } from './first-mistake.ts';
export { format, type Formatted } from './format.ts';
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
export { Growth, inheritedTrigger, inheritedVariable } from './growth.ts';
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
export { type Outline, type OutlineArg, type OutlineMount, outline, type OutlineOptions } from './outline.ts';
export { parseMount, type RunMount } from './mount.ts';
export { parseDockerfile, type ParseResult, parseTrigger, type TriggerResult } from './parse.ts';
export { type ParsedDockerfile, type ParsedHeredoc, type ParsedInstruction, toParsedDockerfile } from './parsed-json.ts';
export { parsePortSpecs } from './port-spec.ts';
export { print, printDiagnostics, printSpan } from './print.ts';
export { isSignal, parseSignal } from './signal.ts';
