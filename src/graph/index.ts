export { createGraphBuilder, topological } from './builder.ts';
export { type Definition, decodeDefinition, encodeDefinition } from './definition.ts';
export type {
  ChownOpt,
  CopyAction,
  DiffOp,
  Edge,
  ExecOp,
  FileAction,
  FileOp,
  Graph,
  MergeOp,
  MkdirAction,
  MkfileAction,
  Mount,
  NetworkMode,
  Op,
  Owner,
  SourceOp,
  Vertex,
} from './op.ts';
export { makeVertex } from './op-codec.ts';
export { plainExec } from './plain-exec.ts';
export { printGraph } from './print.ts';
