export { type Brand, type HostPath, hostPath, rootfsPath } from './brand.ts';
export { canonicalJson, type Json } from './canonical-json.ts';
export {
  cancelled,
  type ErrorClass,
  type ErrorCode,
  type ErrorDetails,
  ifFile,
  ifThere,
  isNodeError,
  isNoFile,
  isNotFound,
  reasonOf,
  SlipwayError,
  type SourcePosition,
  type SourceSpan,
  toSlipwayError,
} from './errors.ts';
export { decodeFileName, encodeFileName, hasRawBytes } from './file-name.ts';
export { compileGlob, hasWildcard } from './glob.ts';
export { mapParallel, settleAll } from './parallel.ts';
export { compilePatterns, type MatchState, parseIgnoreFile, type PathMatcher, type PatternLine } from './patterns.ts';
export { peek } from './peek.ts';
export { maxDockerfileBytes, readAtMost } from './read-at-most.ts';
export { Scope } from './scope.ts';
export { Semaphore } from './semaphore.ts';
export { SingleFlight } from './single-flight.ts';
export { editDistance, nearest } from './suggest.ts';
export { formatBytes, formatDuration } from './units.ts';
