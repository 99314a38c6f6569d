export { compile, compileTargets } from './compile.ts';
export type {
  Compiled,
  CompiledFile,
  CompiledHistory,
  CompiledImage,
  CompiledStage,
  CompiledTarget,
  CompiledTargets,
  CompileWarning,
} from './compiled.ts';
export type { CompileOptions, FrontendPorts, NamedContext, ResolvedImage } from './options.ts';
export { type Verdict, verdictOf } from './verdict.ts';
export { findTarget, type ListedStage, listStages } from './stages.ts';
