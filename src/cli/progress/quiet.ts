import { eventsOnly, type Renderer } from './renderer.ts';

/** Says nothing. */
export const quietRenderer: Renderer = { ...eventsOnly, showsLogs: false, event: () => '' };
