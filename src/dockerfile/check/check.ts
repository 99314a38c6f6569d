import { SlipwayError, type SourceSpan } from '../../base/index.ts';
import { firstMistake } from '../first-mistake.ts';
import type { Diagnostic, Dockerfile, StageInstruction } from '../instruction.ts';
import type { ParseResult } from '../parse.ts';
import { globalScope, ownValue } from './globals.ts';
import type { CheckOptions, CheckView, Phase, Problem, Rule, TextEdit } from './rule.ts';
import { rules } from './rules.ts';
import { type CheckSettings, defaultSettings, isOn, mergeSettings, parseCheckSettings, settingsOfComments } from './settings.ts';
import { runStages } from './stage-run.ts';

/** One place where a Dockerfile breaks a rule. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  /** What the rule is about. */
  readonly description: string;
  /** Its page; a few have none. */
  readonly url: string | undefined;
  /** The exact place. */
  readonly at: SourceSpan;
  /** The physical lines of the instruction it stands in, 1-based, both included. */
  readonly lines: { readonly first: number; readonly last: number };
  readonly hint?: string;
  /** Changes that repair it beyond doubt; empty when a person must decide. */
  readonly edits: readonly TextEdit[];
}

export interface CheckRequest extends CheckOptions {
  /** Are Slipway's own rules asked, too? */
  readonly own?: boolean | undefined;
  /** What a build stops at: an instruction, or what all stages name. Without rules of our own, nothing is told of what comes after it. */
  readonly stopsAt?: StageInstruction | 'names' | undefined;
  /** Of a configuration; the file's own settings are added. */
  readonly settings?: CheckSettings | undefined;
}

export interface CheckResult {
  /** In the order in which BuildKit tells them. */
  readonly findings: readonly Finding[];
  /** Mistakes that stop every build, in the order of the file. */
  readonly errors: readonly Diagnostic[];
  /** Do findings stop a build? */
  readonly isError: boolean;
}

/**
 * Hold a parsed Dockerfile against the rules. Pure: what must be asked of the world comes as `baseImage` and
 * `ignoreFile`, and rules keep silent where that is missing.
 *
 * @throws {SlipwayError} `DF_BAD_CHECK`: settings in the file or in `BUILDKIT_DOCKERFILE_CHECK` that can't be read
 */
export function checkDockerfile({ file, diagnostics }: ParseResult, request: CheckRequest = {}): CheckResult {
  const settings = mergeSettings(request.settings ?? defaultSettings, settingsOf(file, request));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const globals = globalScope(file, request);
  const view: CheckView = { file, diagnostics, globals, runs: runStages(file, globals, request), options: request };
  const found: Found[] = [];
  const steps = new Map(view.runs.flatMap((run) => run.steps).map((step, index) => [step, index]));
  const isTold = whatIsTold(diagnostics, request);
  const stop = request.own === true ? undefined : [...steps].find(([{ instruction }]) => instruction === request.stopsAt);
  const lastStep = stop?.[1] ?? steps.size;
  for (const rule of rules) {
    if (rule.isOwn === true && request.own !== true) continue;
    // What would be built after a mistake is a guess.
    if ((errors.length > 0 || (request.stopsAt === 'names' && request.own !== true)) && rule.phase === 'dispatch') continue;
    for (const problem of rule.find(view)) {
      const own = problem.on === undefined ? settings : mergeSettings(settings, settingsOfComments(problem.on.comments));
      if (!isOn(rule, own)) continue;
      const finding = findingOf(rule, problem);
      if (!isTold(rule.phase, finding.lines.first)) continue;
      const order = problem.when === undefined ? finding.lines.first : (steps.get(problem.when.step) ?? 0);
      if (rule.phase === 'dispatch' && order > lastStep) continue;
      found.push({ order: [phases.indexOf(rule.phase), order, problem.when?.part ?? 0], finding });
    }
  }
  found.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.order[2] - b.order[2]);
  return { findings: found.map(({ finding }) => finding), errors, isError: settings.isError };
}

/** Without rules of our own, findings are those that BuildKit comes to tell before the first mistake stops it. */
function whatIsTold(diagnostics: readonly Diagnostic[], { own }: CheckRequest): (phase: Phase, line: number) => boolean {
  const mistake = own === true ? undefined : firstMistake(diagnostics);
  if (mistake === undefined) return () => true;
  if (mistake.isOfSplitting) return () => false;
  return (phase, line) => phase === 'lines' || (phase === 'parse' && line <= mistake.lines.first);
}

interface Found {
  /** Phase; line or step; part of the step. Within these, the order of the rules. */
  readonly order: readonly [number, number, number];
  readonly finding: Finding;
}

const phases: readonly Phase[] = ['lines', 'parse', 'graph', 'dispatch'];

/** The settings that hold for the whole file: of the build arg, else of the directive. */
function settingsOf(file: Dockerfile, { buildArgs = {} }: CheckRequest): CheckSettings {
  const arg = ownValue(buildArgs, 'BUILDKIT_DOCKERFILE_CHECK');
  if (arg !== undefined) return parseCheckSettings(arg);
  const directive = file.directives.check;
  return directive === undefined ? defaultSettings : parseCheckSettings(directive.value, directive.span);
}

function findingOf({ name, description, url }: Rule, { message, at, on, hint, edits = [] }: Problem): Finding {
  const lines = on === undefined ? { first: at.start.line, last: at.end.line } : { first: on.line, last: on.endLine };
  return { rule: name, message, description, url, at, lines, ...(hint === undefined ? {} : { hint }), edits };
}

/** What a build fails with when its file says that findings are errors. */
export function violation(findings: readonly Finding[]): SlipwayError | undefined {
  const names = [...new Set(findings.map(({ rule }) => rule))];
  const first = findings[0];
  if (first === undefined) return undefined;
  return new SlipwayError('DF_LINT_VIOLATION', `lint violation found for rules: ${names.join(', ')}`, {
    hint: 'mend them, or name the rules in `# check=skip=…` at the top of the file',
  });
}
