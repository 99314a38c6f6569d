export { compile } from './compile.ts';
export type { Compiled, CompiledHistory, CompiledImage, CompiledStage, CompileWarning } from './compiled.ts';
export type { CompileOptions, FrontendPorts, NamedContext, ResolvedImage } from './options.ts';
export { findTarget, type ListedStage, listStages } from './stages.ts';
