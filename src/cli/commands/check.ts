import { nearest, SlipwayError } from '../../base/index.ts';
import type { FileMistake, Finding, LintError, TextEdit } from '../../dockerfile/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { readConfig } from '../config-file.ts';
import { type DockerfileInput, ignoreFileFor, readDockerfile } from '../dockerfile-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseBuildArgs } from '../flags/key-values.ts';
import { lineDiff } from '../line-diff.ts';
import { type Remark, renderRemarks, stderrPaint } from '../render-diagnostics.ts';
import { rewriteFile } from '../rewrite-file.ts';
import { checkFlags } from './check-flags.ts';

type CheckCall = Call<typeof checkFlags>;
type Library = typeof import('../../dockerfile/index.ts');

const formats = ['text', 'json', 'sarif', 'github'] as const;

export const checkCommand: Command = defineCommand({
  name: 'check',
  aliases: ['lint'],
  usage: '[OPTIONS] [FILE|DIR|-]',
  about: 'Find mistakes and doubtful habits in a Dockerfile',
  details:
    "Asks BuildKit's rules and Slipway's own, and compiles every stage for the mistakes that only show then, without network and without\n" +
    'building. Ends with 1 when something was found.\n' +
    'A comment `# check=skip=RULE` at the top of the file switches a rule off, one above an instruction for that instruction only;\n' +
    '`"check": {"skip": ["RULE"]}` in config.json does so for every file.',
  examples: [
    { line: 'slipway check', about: 'look at ./Dockerfile' },
    { line: 'slipway check --fix deploy/Dockerfile', about: 'repair what is sure, and show the changes' },
    { line: 'slipway check --format github', about: 'notes beside the code in a pull request' },
    { line: 'slipway check --format sarif > check.sarif', about: 'for a code scanner' },
  ],
  flags: checkFlags,
  takes: { min: 0, max: 1 },
  async run(call) {
    const { flags, positionals, io, version } = call;
    const format = chooseFormat(flags.text('format'));
    const input = await readDockerfile(positionals[0] ?? '.', io.stdin, io.cwd);
    const library = await import('../../dockerfile/index.ts');
    const found = await find(input, call, library);
    if (flags.isOn('fix') && found.edits.length > 0) return fix(input, found, call, library);
    if (format === 'github') io.stdout.write(library.toGithub(library.toRemarks(found.findings, found.errors)));
    else if (format === 'sarif')
      io.stdout.write(
        `${JSON.stringify(library.toSarif(library.toRemarks(found.findings, found.errors), version), undefined, 2)}\n`,
      );
    else if (format === 'json') io.stdout.write(`${JSON.stringify(asJson(found, input, library), undefined, 2)}\n`);
    else writeText(found, input, call, library);
    return exitCodeOf(found);
  },
});

interface Found {
  readonly findings: readonly Finding[];
  readonly errors: readonly FileMistake[];
  readonly lines: readonly string[];
  readonly violation: SlipwayError | undefined;
  /** What a build fails with, as BuildKit tells it. */
  readonly told: LintError | undefined;
  /** The sure repairs. */
  readonly edits: readonly TextEdit[];
}

async function find(input: DockerfileInput, call: CheckCall, library: Library): Promise<Found> {
  const { flags, io } = call;
  const { parseDockerfile, moveCommentUp, settingsFrom } = library;
  const ruleNames = library.rules.map(({ name }) => name);
  const config = readConfig(io.env).check ?? {};
  const parsed = parseDockerfile(input.text, input.name);
  const { checkParsed } = await call.library();
  const { findings, errors, mistakes, buildError, told } = await checkParsed({
    parsed,
    own: true,
    settings: settingsFrom({
      skip: [...(config.skip ?? []), ...rulesOf('skip', flags.list('skip'), ruleNames)],
      experimental: [...(config.experimental ?? []), ...rulesOf('experimental', flags.list('experimental'), ruleNames)],
      error: config.error === true || flags.isOn('check-error'),
    }),
    ...compact<{ target?: string; platform?: string; ignoreFile?: string }>({
      target: flags.text('target'),
      platform: flags.text('platform'),
      ignoreFile: ignoreFileFor(input),
    }),
    buildArgs: parseBuildArgs(flags.list('build-arg'), io.env),
  });
  if (buildError?.code === 'DF_BAD_CHECK') throw buildError;
  const edits = [
    ...findings.flatMap((finding) => finding.edits),
    ...errors.flatMap((error) => moveCommentUp(parsed.file, error)),
  ];
  const isViolation = buildError?.code === 'DF_LINT_VIOLATION';
  return {
    findings,
    errors: [...errors, ...mistakes],
    lines: parsed.file.lines,
    violation: isViolation ? buildError : undefined,
    told,
    edits,
  };
}

function exitCodeOf({ findings, errors }: Found): number {
  return findings.length + errors.length > 0 ? exitCodes.step : exitCodes.ok;
}

function writeText(
  { findings, errors, lines, violation }: Found,
  input: DockerfileInput,
  { io }: CheckCall,
  library: Library,
): void {
  if (findings.length > 0 || errors.length === 0) {
    const all = input.text.endsWith('\n') ? [...lines, ''] : lines;
    io.stdout.write(library.toLintText(findings, input.name, all, { hints: true }));
  }
  if (errors.length > 0)
    io.stderr.write(renderRemarks(errors.map(remarkOf), (at) => library.renderCodeFrame(lines, at), stderrPaint(io)));
  if (violation !== undefined)
    io.stderr.write(`\n${stderrPaint(io)('error', `error[${violation.code}]`)}: ${violation.message}\n`);
}

function remarkOf({ code, message, at, hint }: FileMistake): Remark {
  return { severity: 'error', name: code, message, at, hint };
}

function asJson({ findings, told }: Found, input: DockerfileInput, { toLintJson }: Library): object {
  return toLintJson(findings, told, { filename: input.name, base64: Buffer.from(input.text, 'utf8').toString('base64') });
}

/** Make the sure repairs, show them, and say what is left. */
async function fix(input: DockerfileInput, before: Found, call: CheckCall, library: Library): Promise<number> {
  const { io, flags } = call;
  if (input.path === undefined && !flags.isOn('dry-run'))
    throw new SlipwayError('CLI_ARGUMENTS', "`--fix` can't write to standard input", { hint: 'name a file, or add `--dry-run`' });
  let { text } = input;
  let left = before;
  // A repair can make room for another one at the same place; the limit is for rules that contradict each other.
  for (let round = 0; round < 10 && left.edits.length > 0; round++) {
    text = library.applyEdits(text, left.edits);
    left = await find({ ...input, text }, call, library);
  }
  if (input.path !== undefined && !flags.isOn('dry-run')) rewriteFile(input.path, input.text, text);
  io.stdout.write(lineDiff(input.text, text, input.name));
  const count = left.findings.length + left.errors.length;
  io.stderr.write(`${count === 0 ? 'nothing' : count} left${count === 0 ? '' : ': `slipway check` shows it'}\n`);
  return exitCodeOf(left);
}

function chooseFormat(text: string = 'text'): (typeof formats)[number] {
  const format = formats.find((each) => each === text);
  if (format !== undefined) return format;
  throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${text}\` is not a format of \`slipway check\``, {
    hint: `use ${formats.join(', ')}`,
  });
}

/** The rules that a flag names, also several with commas. @throws {SlipwayError} `CLI_BAD_FLAG_VALUE` there is no such rule */
function rulesOf(flag: string, values: readonly string[], known: readonly string[]): readonly string[] {
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim());
  const unknown = names.find((name) => name !== 'all' && !known.includes(name));
  if (unknown === undefined) return names;
  const meant = nearest(unknown, known, 4);
  throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`--${flag}\`: there is no rule \`${unknown}\``, {
    hint: meant === undefined ? 'docs/rules lists them all' : `did you mean \`${meant}\`?`,
  });
}
