export { createGraphBuilder, type GraphBuilder, topological } from './builder.ts';
export { type Definition, decodeDefinition, encodeDefinition, type OpMetadata } from './definition.ts';
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
  RmAction,
  SourceOp,
  SymlinkAction,
  Vertex,
} from './op.ts';
export { type DecodedOp, decodeOp, encodeOp, makeVertex } from './op-codec.ts';
export { printGraph } from './print.ts';
