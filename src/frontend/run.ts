import { SlipwayError } from '../base/index.ts';
import type { RunInstruction } from '../dockerfile/index.ts';
import type { ExecOp, MkfileAction, Mount } from '../graph/index.ts';
import { Inputs, type Tree } from './draft.ts';
import { ownValue, proxyArgs } from './globals.ts';
import { commandArgs } from './metadata.ts';
import { readMounts } from './run-mounts.ts';
import { commitLayer, draftOf, type Step, type StageBuild } from './stage-build.ts';
import { shellText } from './step-names.ts';

/** A process over the stage's tree; what it changes is the layer. */
export function dispatchRun(step: Step, run: RunInstruction): void {
  const { build, compilation } = step;
  const { buildArgs = {}, extraHosts = [], ulimits = [], shmSizeBytes = 0, cgroupParent = '' } = compilation.options;
  const network = run.network === 'default' ? (compilation.options.network ?? 'default') : run.network;
  refuseUngranted(step, run, network);
  if (run.command.form === 'exec' && run.command.args.length === 0) {
    throw new SlipwayError('FE_EMPTY_COMMAND', 'arguments are required', {
      at: step.at,
      hint: 'name a program: `RUN ["program", "argument"]`',
    });
  }
  const inputs = new Inputs();
  const root: Mount = { type: 'bind', dest: '/', readonly: false, input: inputs.indexOf(build.tree), selector: '', output: 0 };
  const { args, summary, file } = commandOf(step, run);
  const { mounts, secretEnv, sshSocket } = readMounts(step, run, inputs);
  const env = new Map(build.env);
  if (sshSocket !== undefined && !env.has('SSH_AUTH_SOCK')) env.set('SSH_AUTH_SOCK', sshSocket);
  const pipes: readonly Mount[] = file
    ? [{ type: 'bind', dest: '/dev/pipes', readonly: true, input: inputs.indexOf(file), selector: '', output: -1 }]
    : [];
  const variables = [...env].map(([key, value]) => `${key}=${value}`);
  compilation.growth.add(sum(variables));
  const op: ExecOp = {
    kind: 'exec',
    args,
    env: variables,
    cwd: build.config.WorkingDir ?? '/',
    user: build.config.User ?? '',
    hostname: ownValue(buildArgs, 'BUILDKIT_SANDBOX_HOSTNAME') ?? '',
    network,
    insecure: run.security === 'insecure',
    mounts: [root, ...sortMounts([...sharedMemory(shmSizeBytes), ...pipes, ...mounts])],
    secretEnv,
    extraHosts,
    ulimits,
    cgroupParent,
    devices: run.devices.map(({ name, required }) => ({ name, optional: !required })),
    proxyEnv: proxyArgs(buildArgs),
  };
  const text = shellText(step, `${run.original}${summary}`, new Set(secretEnv.map(({ name }) => name)));
  const name = build.steps.next(text, step.isTrigger);
  const draft = compilation.drafts.add({
    op: () => op,
    inputs: inputs.drafts,
    platform: build.platform,
    ...draftOf(step, name, true),
  });
  const createdBy = `RUN ${[...argsPrefix(build), ...args].join(' ')} # buildkit`;
  compilation.growth.add(createdBy.length);
  commitLayer(build, createdBy, draft);
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, { length }) => total + length, 0);
}

/** A right has to come from who builds: the file alone can't take it. Devices wait until it is known which there are. */
function refuseUngranted({ at, compilation }: Step, { security }: RunInstruction, network: ExecOp['network']): void {
  const { entitlements = [] } = compilation.options;
  if (network === 'host' && !entitlements.includes('network.host')) {
    throw new SlipwayError('FE_NOT_ALLOWED', 'network.host is not allowed', {
      at,
      hint: "pass `--allow network.host` if this Dockerfile may reach what listens on the machine's own addresses",
    });
  }
  if (security === 'insecure' && !entitlements.includes('security.insecure')) {
    throw new SlipwayError('FE_NOT_ALLOWED', 'security.insecure is not allowed', {
      at,
      hint: 'pass `--allow security.insecure` if you trust this Dockerfile: a step with all capabilities can take over the machine',
    });
  }
}

/** `/dev/shm` of another size than the sandbox would give it. */
function sharedMemory(sizeBytes: number): readonly Mount[] {
  return sizeBytes === 0 ? [] : [{ type: 'tmpfs', dest: '/dev/shm', readonly: false, sizeBytes }];
}

/** By path, so that a mount stands before those inside it; of two at one path the later one counts. */
function sortMounts(mounts: readonly Mount[]): Mount[] {
  const byDest = new Map(mounts.map((mount) => [mount.dest, mount]));
  return [...byDest.values()].sort((a, b) => (a.dest < b.dest ? -1 : 1));
}

/** `|2 a=1 b=2`: the declared ARGs with the values in force. */
function argsPrefix({ args, env }: StageBuild): string[] {
  if (args.size === 0) return [];
  return [`|${args.size}`, ...[...args].map(([name, value]) => `${name}=${env.get(name) ?? value}`)];
}

interface Command {
  readonly args: readonly string[];
  /** For the step's name: the first line of a heredoc. */
  readonly summary: string;
  /** Holds the script that is to be run, when it names its own interpreter. */
  readonly file: Tree;
}

/**
 * A heredoc that is all of the command is a script: run as a file when it starts with `#!`, else handed to the shell as
 * its text. Otherwise the shell gets everything as written, and reads the heredocs itself.
 */
function commandOf(step: Step, { command, heredocs }: RunInstruction): Command {
  const { build } = step;
  const [heredoc] = heredocs;
  if (command.form === 'exec' || heredoc === undefined)
    return { args: commandArgs(build, command), summary: '', file: undefined };
  const shell = (text: string): readonly string[] => commandArgs(build, { form: 'shell', text });
  if (heredocs.length > 1 || command.text.trim() !== heredoc.text) {
    const bodies = heredocs.map(({ rawContent, name }) => `\n${rawContent}${name}`);
    return { args: shell(command.text + bodies.join('')), summary: '', file: undefined };
  }
  const { content, name } = heredoc;
  const summary = ` (${firstLine(content)})`;
  if (!content.startsWith('#!') || build.platform.os === 'windows') return { args: shell(content), summary, file: undefined };
  return { args: shell(`/dev/pipes/${name}`), summary, file: inlineFile(step, name, content, 0o755) };
}

function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split(/\r?\n/);
  return more.length === 0 ? first : `${first}...`;
}

/** A tree with one file, which the Dockerfile itself holds. */
export function inlineFile({ build, compilation, at }: Step, name: string, text: string, mode: number): Tree {
  const data = new TextEncoder().encode(text);
  const action: MkfileAction = {
    action: 'mkfile',
    input: -1,
    secondaryInput: -1,
    output: 0,
    path: `/${name}`,
    mode,
    data,
    timestampNs: -1n,
  };
  const op = { kind: 'file', actions: [action] } as const;
  return compilation.drafts.add({
    op: () => op,
    inputs: [],
    name: '[internal] preparing inline document',
    at,
    stage: build.label,
  });
}
