import { expect, test } from 'vitest';
import type { MissReason } from '../ports.ts';
import { whyLine } from './why.ts';

const changes = { changed: ['src/a.ts'], added: ['b'], removed: ['c'], modeOnly: [], total: 3 };

test.for([
  ['a step that is new', [{ kind: 'never-built' }], undefined],
  ['--no-cache', [{ kind: 'no-cache' }], 'because of --no-cache'],
  [
    'a reworded instruction',
    [{ kind: 'instruction', before: '[2/3] RUN make', after: '[2/3] RUN make all' }],
    'because the instruction was `RUN make`',
  ],
  ['changed files', [{ kind: 'files', changes }], 'because src/a.ts changed, b is new (+1 more)'],
  [
    'a mode',
    [{ kind: 'files', changes: { changed: [], added: [], removed: [], modeOnly: ['run.sh'], total: 1 } }],
    'because run.sh has another mode or owner',
  ],
  ['a variable', [{ kind: 'env', name: 'V', before: '1', after: '2' }], 'because $V changed from 1 to 2'],
  ['a new variable', [{ kind: 'env', name: 'V', before: undefined, after: '' }], 'because $V is new (empty)'],
  ['a hidden variable', [{ kind: 'env', name: 'TOKEN', before: '****', after: '****' }], 'because $TOKEN changed'],
  [
    'a setting',
    [{ kind: 'setting', name: 'cwd', before: '/', after: '/src' }],
    'because the working directory changed from / to /src',
  ],
  ['a step above', [{ kind: 'upstream', step: '[deps 2/4] COPY package.json ./' }], 'because `COPY package.json ./` ran'],
  ['a heredoc', [{ kind: 'upstream', step: '[internal] preparing inline document' }], 'because the text of its heredoc changed'],
  [
    'a command of which its name tells nothing',
    [{ kind: 'setting', name: 'command', before: '["a"]', after: '["b"]' }],
    'because its command changed',
  ],
  [
    'a step above that is another one now',
    [{ kind: 'upstream', step: '[2/3] COPY a .', before: '[3/4] RUN b' }],
    'because it follows `COPY a .`, no longer `RUN b`',
  ],
  [
    'a moved base image',
    [
      {
        kind: 'base-image',
        before: `docker.io/library/alpine:3@sha256:${'a'.repeat(64)}`,
        after: `docker.io/library/alpine:3@sha256:${'b'.repeat(64)}`,
      },
    ],
    'because the base image moved from alpine:3@sha256:aaaaaaaa… to alpine:3@sha256:bbbbbbbb…',
  ],
] as const satisfies readonly (readonly [string, readonly MissReason[], string | undefined])[])(
  'whyLine() speaks of %s',
  ([, reasons, line]) => {
    expect(whyLine(reasons)).toBe(line);
  },
);
