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
export { unpackArchive } from './copy.ts';
export { gitOp, isGitUrl, parseGitUrl } from './git-url.ts';
export type { CompileOptions, FrontendPorts, NamedContext, ResolvedImage, SourceContext } from './options.ts';
export { redactUrls } from './remote-source.ts';
export { type Verdict, verdictOf } from './verdict.ts';
export { findTarget, type ListedStage, listStages } from './stages.ts';
