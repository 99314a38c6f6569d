import { commandsOf, isCall, plainWords, type ShellCommand } from './run-commands.ts';
import { ownPage } from './own-page.ts';
import type { Problem, Rule } from './rule.ts';
import type { StageStep } from './stage-run.ts';

interface Installer {
  readonly matches: (command: ShellCommand) => boolean;
  /** What it reads. */
  readonly files: string;
}

const takesNothing = (command: ShellCommand): boolean => plainWords(command).length <= 2;

const installers: readonly Installer[] = [
  {
    matches: (c) => isCall(c, /^npm$/, /^ci$/) || (isCall(c, /^npm$/, /^(?:i|install)$/) && takesNothing(c)),
    files: 'package.json package-lock.json',
  },
  { matches: (c) => isCall(c, /^yarn$/, /^(?:install)?$/) && takesNothing(c), files: 'package.json yarn.lock' },
  { matches: (c) => isCall(c, /^pnpm$/, /^(?:i|install)$/) && takesNothing(c), files: 'package.json pnpm-lock.yaml' },
  {
    matches: (c) => isCall(c, /^pip[\d.]*$/, /^install$/) && c.some((word) => /^(?:-r|--requirement)/.test(word)),
    files: 'requirements.txt',
  },
  { matches: (c) => isCall(c, /^bundle$/, /^install$/), files: 'Gemfile Gemfile.lock' },
  { matches: (c) => isCall(c, /^composer$/, /^install$/), files: 'composer.json composer.lock' },
  { matches: (c) => isCall(c, /^go$/, /^mod$/) && plainWords(c)[2] === 'download', files: 'go.mod go.sum' },
];

export const slipwayCopyBeforeInstall: Rule = {
  name: 'SlipwayCopyBeforeInstall',
  phase: 'dispatch',
  description: 'Copying every file before dependencies are installed makes each change of a file install them again',
  url: ownPage('SlipwayCopyBeforeInstall'),
  isOwn: true,
  *find({ runs }): Generator<Problem> {
    for (const { steps } of runs) {
      let all: StageStep | undefined;
      const fine = new Set<Installer>();
      for (const step of steps) {
        if (copiesAll(step)) all ??= step;
        if (all === undefined || step.instruction.kind !== 'run') continue;
        // With mounts somebody has thought about it.
        if (step.instruction.mounts.length > 0) continue;
        const commands = commandsOf(step.instruction);
        const installer = installers.find(({ matches }) => commands.some(matches));
        if (installer === undefined || fine.has(installer)) continue;
        if (isCopiedBefore(steps, all, installer)) {
          fine.add(installer);
          continue;
        }
        const message = `Every change of a file installs the dependencies again: they are installed on line ${step.on.line}, after all files are copied`;
        const hint = `write \`COPY ${installer.files} ./\` and the install before \`COPY . .\``;
        yield { message, at: all.instruction.span, on: all.on, when: { step: all }, hint };
        break;
      }
    }
  },
};

function copiesAll({ instruction }: StageStep): boolean {
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return false;
  if (instruction.kind === 'copy' && instruction.from !== undefined) return false;
  return instruction.sources.some((source) => source.type === 'path' && /^(?:\.|\.\/|\/)$/.test(source.path.text));
}

function isCopiedBefore(steps: readonly StageStep[], all: StageStep, { files }: Installer): boolean {
  const names = files.split(' ');
  return steps.slice(0, steps.indexOf(all)).some(({ instruction }) => {
    if (instruction.kind !== 'copy' && instruction.kind !== 'add') return false;
    return instruction.sources.some(
      (source) => source.type === 'path' && names.some((name) => source.path.text.endsWith(name) || /\*/.test(source.path.text)),
    );
  });
}
