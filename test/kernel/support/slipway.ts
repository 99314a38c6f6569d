import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const repository: string = join(import.meta.dirname, '../../..');

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was read and what was said, to show when an expectation fails. */
  readonly all: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Kill it after so long, without a word. */
  readonly killAfterMs?: number;
}

/** Run a program to its end, whatever its exit code. */
export function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.killAfterMs === undefined ? {} : { timeout: options.killAfterMs, killSignal: 'SIGKILL' }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const stdout = Buffer.concat(out).toString();
      const stderr = Buffer.concat(err).toString();
      const said = stderr.replace(/^\{"kind":"step-progress".*\n/gm, '');
      const all = `$ ${program} ${args.join(' ')}\n${stdout}${said}[exit code ${code ?? signal}]`;
      resolve({ code: code ?? 128, stdout, stderr, all });
    });
  });
}

/** Run a program that has to succeed; its standard output. */
export async function succeed(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await command(program, args, options);
  if (result.code !== 0) throw new Error(result.all);
  return result.stdout;
}

/** One line of `--progress json`, as far as tests look at it. */
export interface JsonEvent {
  readonly kind: string;
  readonly step?: string;
  readonly name?: string;
  readonly data?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly exitCode?: number; readonly at?: unknown };
  readonly stages?: readonly { readonly name: string; readonly line: number }[];
}

export interface BuildRun extends CommandResult {
  readonly events: readonly JsonEvent[];
  /** Names of steps that were done anew, in the order they began. The engine's own (`internal:`, `export:`) are not among them. */
  readonly ran: readonly string[];
  /** Names of steps that the cache had. */
  readonly cached: readonly string[];
  /** Everything that RUNs said. */
  readonly log: string;
}

/** A store of its own, and the command on it. */
export class Slipway {
  readonly root: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(root: string, env: Readonly<Record<string, string>> = {}) {
    this.root = root;
    this.#env = env;
    if (!existsSync(join(repository, 'dist/cli.cjs'))) throw new Error('these tests need the build: run `npm run build`');
  }

  call(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const env = { SLIPWAY_ROOT: this.root, ...this.#env, ...options.env };
    return command(join(repository, 'bin/slipway'), args, { ...options, env });
  }

  /** `slipway build`, read through `--progress json`. */
  async build(args: readonly string[], options: CommandOptions = {}): Promise<BuildRun> {
    const result = await this.call(['build', '--progress', 'json', ...args], options);
    return { ...result, ...digest(result.stderr) };
  }

  /** A build that has to succeed. */
  async built(args: readonly string[], options: CommandOptions = {}): Promise<BuildRun> {
    const run = await this.build(args, options);
    if (run.code !== 0) throw new Error(`${run.log}\n${run.all}`);
    return run;
  }
}

function digest(stderr: string): Pick<BuildRun, 'events' | 'ran' | 'cached' | 'log'> {
  const events = stderr
    .split('\n')
    .filter((line) => line.startsWith('{"kind"'))
    .map((line) => JSON.parse(line) as JsonEvent);
  const ofGraph = (event: JsonEvent): boolean => event.step?.startsWith('sha256:') === true;
  const cachedSteps = new Set(events.filter((event) => event.kind === 'step-cached').map((event) => event.step));
  const names = (kind: string, wanted: (event: JsonEvent) => boolean): readonly string[] => [
    ...new Set(events.filter((event) => event.kind === kind && ofGraph(event) && wanted(event)).map((event) => event.name ?? '')),
  ];
  return {
    events,
    ran: names('step-started', (event) => !cachedSteps.has(event.step)),
    cached: names('step-cached', () => true),
    log: events
      .filter((event) => event.kind === 'step-log')
      .map((event) => Buffer.from(event.data ?? '', 'base64').toString())
      .join(''),
  };
}
