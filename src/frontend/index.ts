export { compileTargets } from './compile.ts';
export type {
  CompiledFile,
  CompiledStage,
  CompiledTarget,
  CompiledTargets,
} from './compiled.ts';
export { unpackArchive } from './copy.ts';
export { gitOp, isGitUrl, parseGitUrl } from './git-url.ts';
export type { NamedContext, ResolvedImage, SourceContext } from './options.ts';
export { redactUrls } from './remote-source.ts';
export { type Verdict, verdictOf } from './verdict.ts';
export { findTarget, type ListedStage, listStages } from './stages.ts';
