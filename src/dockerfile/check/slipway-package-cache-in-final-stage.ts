import { finalRuns } from './final-run.ts';
import { ownPage } from './own-page.ts';
import { commandsOf, hasMountOn, isCall, type ShellCommand } from './run-commands.ts';
import type { Problem, Rule } from './rule.ts';
import type { StageStep } from './stage-run.ts';

interface Cache {
  readonly path: string;
  readonly fills: (command: ShellCommand) => boolean;
  readonly clears: (command: ShellCommand) => boolean;
  readonly mount: RegExp;
  readonly hint: string;
}

const removes =
  (path: RegExp) =>
  (command: ShellCommand): boolean =>
    isCall(command, /^(?:rm|find)$/) && command.some((word) => path.test(word));

const caches: readonly Cache[] = [
  {
    path: '/var/lib/apt/lists',
    fills: (c) => isCall(c, /^(?:apt|apt-get)$/, /^update$/),
    clears: removes(/^\/var\/lib\/apt/),
    mount: /^\/var\/lib\/apt/,
    hint: 'end the RUN with `&& rm -rf /var/lib/apt/lists/*`, or mount a cache there',
  },
  {
    path: '/var/cache/apk',
    fills: (c) => isCall(c, /^apk$/, /^(?:update|add)$/) && !c.includes('--no-cache'),
    clears: removes(/^\/var\/cache\/apk/),
    mount: /^\/(?:var\/cache|etc)\/apk/,
    hint: 'write `apk add --no-cache`',
  },
  {
    path: '/var/cache/dnf',
    fills: (c) => isCall(c, /^(?:yum|dnf|microdnf)$/, /^install$/),
    clears: (c) => isCall(c, /^(?:yum|dnf|microdnf)$/, /^clean$/) || removes(/^\/var\/cache/)(c),
    mount: /^\/var\/cache/,
    hint: 'end the RUN with `&& dnf clean all`, or mount a cache there',
  },
];

export const slipwayPackageCacheInFinalStage: Rule = {
  name: 'SlipwayPackageCacheInFinalStage',
  phase: 'dispatch',
  description: 'The files a package manager keeps for itself stay in the final image',
  url: ownPage('SlipwayPackageCacheInFinalStage'),
  isOwn: true,
  *find(view): Generator<Problem> {
    for (const step of finalRuns(view).flatMap(({ steps }) => steps)) {
      const cache = cacheLeftBy(step);
      if (cache === undefined) continue;
      const message = `The final image keeps the package cache ${cache.path}`;
      yield { message, at: step.instruction.span, on: step.on, when: { step }, hint: cache.hint };
    }
  },
};

function cacheLeftBy({ instruction }: StageStep): Cache | undefined {
  if (instruction.kind !== 'run') return undefined;
  const commands = commandsOf(instruction);
  return caches.find(
    ({ fills, clears, mount }) => commands.some(fills) && !commands.some(clears) && !hasMountOn(instruction, mount),
  );
}
