import { type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { explanationText } from '../explain-text.ts';
import { takeBuild } from '../take-build.ts';

const flags = {
  last: { kind: 'bool', about: 'the latest build, which is meant anyway when no BUILD is named' },
  all: { kind: 'bool', about: 'name all files that changed, not only ten of a step' },
  json: { kind: 'bool', about: 'JSON, for scripts' },
} as const;

type ExplainCall = Call<typeof flags>;

export const explainCommand: Command = defineCommand({
  name: 'explain',
  usage: '[BUILD] [STEP]',
  about: 'Say why the steps of a build ran, and were not taken from the cache',
  details:
    'BUILD is an id or the beginning of one (`slipway history` lists them), or ^1 for the build before the latest; without it, the latest is meant.\nSTEP is a number, a stage, a stage and a number, or how the instruction begins; without it, all steps are shown.',
  examples: [
    { line: 'slipway explain', about: 'the latest build' },
    { line: 'slipway explain run npm ci', about: 'one step of it' },
    { line: 'slipway explain ^1 build 3', about: 'step 3 of the stage `build`, in the build before' },
    { line: 'slipway explain --json', about: 'for scripts' },
  ],
  flags,
  run: runExplain,
});

async function runExplain({ flags: given, positionals, io, library, engine }: ExplainCall): Promise<number> {
  const { ref, step } = takeBuild(positionals);
  const explanation = await (await library()).explain({ engine, ...ref, ...step });
  io.stdout.write(
    given.isOn('json')
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : explanationText(explanation, { nowMs: io.clock.nowMs(), all: given.isOn('all') }),
  );
  return exitCodes.ok;
}
