import type { BuildEvent } from '../solver/index.ts';
import type { BuildRecord } from './history/build-record.ts';
import type { BuildEventsOptions, BuildRefOptions, ListBuildsOptions, RemoveBuildsOptions } from './history/history.ts';

export type { BuildRecord } from './history/build-record.ts';
export type { ErrorRecord } from './history/event-codec.ts';
export type { BuildEventsOptions, BuildRefOptions, ListBuildsOptions, RemoveBuildsOptions } from './history/history.ts';

// What reads the history is loaded when somebody asks for it: a build only adds to it.

/** Builds that have ended, latest first. @throws {SlipwayError} `BUILD_BAD_FILTER` */
export async function listBuilds(options: ListBuildsOptions = {}): Promise<readonly BuildRecord[]> {
  return (await import('./history/history.ts')).listBuilds(options);
}

/** One build that has ended. @throws {SlipwayError} `BUILD_NO_BUILD` */
export async function inspectBuild(options: BuildRefOptions = {}): Promise<BuildRecord> {
  return (await import('./history/history.ts')).inspectBuild(options);
}

/** Everything that a build told while it ran. @throws {SlipwayError} `BUILD_NO_BUILD`, `BUILD_NO_STEP` */
export async function* buildEvents(options: BuildEventsOptions = {}): AsyncGenerator<BuildEvent> {
  yield* (await import('./history/history.ts')).buildEvents(options);
}

/** Forget builds. Gives their IDs. @throws {SlipwayError} `BUILD_NO_BUILD` */
export async function removeBuilds(options: RemoveBuildsOptions = {}): Promise<readonly string[]> {
  return (await import('./history/history.ts')).removeBuilds(options);
}
