import { rmSync } from 'node:fs';
import { formatBytes, formatDuration, SlipwayError } from '../../base/index.ts';
import { type BuildInput, findInput } from '../build-input.ts';
import { argumentCount, type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { readConfig } from '../config-file.ts';
import { dockerProxies } from '../docker-proxies.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseAnnotations } from '../flags/annotation.ts';
import { parseCsv } from '../flags/csv.ts';
import { parseBuildArgs, parseContexts, parseLabels } from '../flags/key-values.ts';
import { parseExtraHosts, parseShmSize, parseUlimits } from '../flags/run-limits.ts';
import { parseOnFail } from '../flags/on-fail.ts';
import { parseResources } from '../flags/resources.ts';
import { parseSecrets } from '../flags/secret.ts';
import { parseSize } from '../flags/size.ts';
import { parseSshAgents } from '../flags/ssh.ts';
import { parseTag } from '../flags/tag.ts';
import { interruptible } from '../interrupt.ts';
import { checkDestinations, makesImage, planOutputs, writesToStdout } from '../plan-outputs.ts';
import type { BuildOptions, BuildResult, CheckOptions, EmitEvent, Output } from '../ports.ts';
import { chooseMode, type Progress, startProgress } from '../progress/progress.ts';
import { type RawWarning, rawWarning } from '../progress/raw-json.ts';
import { showCursor } from '../progress/tty.ts';
import { reportError } from '../report-error.ts';
import { metadata, resultId, resultIds, resultPath, writeAside } from '../result-files.ts';
import { buildFlags } from './build-flags.ts';
import { answerCall, type CallRequest, checkCall, parseCall } from './call.ts';

export type BuildCall = Call<typeof buildFlags>;

/** A build as the command line asks for it. */
interface Request {
  readonly options: BuildOptions;
  readonly outputs: readonly Output[] | undefined;
  readonly input: BuildInput;
  readonly iidFile: string | undefined;
  readonly metadataFile: string | undefined;
}

export const buildCommand: Command = defineCommand({
  name: 'build',
  usage: '[OPTIONS] PATH | URL | -',
  about: 'Build an image from a Dockerfile',
  details:
    'PATH is the build context, the directory whose files COPY may take. It may be a repository (https://host/repo.git#branch:folder), or\n' +
    'the address of a Dockerfile or an archive. - takes either from standard input.\n' +
    'Progress goes to standard error; standard output carries data only.',
  examples: [
    { line: 'slipway build -t app:1.0 .', about: 'build ./Dockerfile and keep the image as app:1.0' },
    { line: 'slipway build --target test .', about: 'build up to one stage' },
    {
      line: 'slipway build -t app -t debug=app:debug -o target=docs,type=local,dest=out .',
      about: 'the last stage and two others in one go; what they share is built once',
    },
    {
      line: 'slipway build --require test -t app --push .',
      about: 'push only if the stage test succeeds; the image has nothing of it',
    },
    {
      line: 'slipway build --build-arg VERSION=1.2 -f deploy/Dockerfile .',
      about: 'another Dockerfile, with a value for its ARG',
    },
    {
      line: 'slipway build --on-fail export=/app/reports .',
      about: 'when a RUN fails, its reports come out into ./reports; see also `slipway shell`',
    },
    { line: 'slipway build -t app --reproducible .', about: 'equal sources give an equal image, whoever builds it and when' },
    {
      line: 'slipway build --context-modes=git -t app .',
      about: 'modes of files as git has them, whatever the umask of the clone',
    },
    { line: 'slipway build https://github.com/moby/buildkit.git#master', about: 'build what a repository holds' },
    { line: 'git archive HEAD | slipway build -t app -', about: 'build what was committed, from an archive' },
    { line: 'slipway build -o out .', about: 'the files of the final stage into a directory' },
    { line: 'slipway build -t app -o type=docker,dest=- . | docker load', about: 'hand the image to Docker' },
    { line: 'slipway build -t registry.test/app:1.0 --push .', about: 'build and push' },
    {
      line: 'slipway build --memory 2g --cpus 2 --allow security.insecure .',
      about: 'a limit for each RUN, and a right it may ask for',
    },
  ],
  flags: buildFlags,
  run: runBuild,
});

async function runBuild(call: BuildCall): Promise<number> {
  const { flags, io } = call;
  const question = flags.isOn('check') ? checkCall : parseCall(flags.text('call') ?? flags.text('print') ?? 'build');
  if (question !== undefined) return answer(call, question);
  const mode = chooseMode({ flag: flags.text('progress'), quiet: flags.isOn('quiet') }, io);
  const request = await readRequest(call);
  using _input = request.input;
  const { target } = request.options;
  const progress = startProgress(mode, { target: typeof target === 'object' ? target.join(', ') : target }, io);
  using interrupt = interruptible(io, exitCodes.cancelled, {
    onFirst: () => progress.note('cancelling: waiting for clean-up; two more signals end it at once'),
    onDie: () => {
      if (mode === 'tty') io.stderr.write(showCursor);
    },
  });
  try {
    const library = await call.library();
    const warnings: RawWarning[] = [];
    const onEvent: EmitEvent = (event) => {
      if (event.kind === 'warning') warnings.push(rawWarning(event));
      progress.emit(event);
    };
    const result = await library.build({ ...request.options, signal: interrupt.signal, onEvent });
    progress.finish(true);
    await writeResult({ result, warnings }, request, progress, call);
    return exitCodes.ok;
  } catch (thrown) {
    progress.finish(false);
    return await reportError(thrown, io, {
      debug: call.debug,
      json: mode === 'json',
      logsShown: progress.showsLogs,
      sourceText: (file) => request.input.sourceText(file),
    });
  }
}

/** `--call`: the Dockerfile is looked at, nothing is built. */
async function answer(call: BuildCall, question: CallRequest): Promise<number> {
  const request = await readRequest(call);
  using _input = request.input;
  using interrupt = interruptible(call.io, exitCodes.cancelled);
  try {
    const { target, ...others } = request.options;
    if (typeof target === 'object') {
      throw new SlipwayError('CLI_BAD_FLAG_VALUE', '`--call` and `--check` look at one target at a time', {
        hint: `for example \`--target ${target[0]}\``,
      });
    }
    const options: CheckOptions = { ...others, ...compact({ target }), ...request.options.checks, signal: interrupt.signal };
    return await answerCall(question, options, await call.library(), call.io);
  } catch (thrown) {
    const sourceText = (file: string): string | undefined => request.input.sourceText(file);
    return await reportError(thrown, call.io, { debug: call.debug, failureCode: exitCodes.step, sourceText });
  }
}

/** Everything that can be wrong with the command line is found here, before any work. */
export async function readRequest(call: BuildCall): Promise<Request> {
  const { flags, positionals, io } = call;
  const [context] = positionals;
  if (context === undefined || positionals.length !== 1) throw argumentCount(buildCommand, '1 argument');
  const targets = targetNames(flags.text('target'));
  const tags = flags.list('tag').map(parseTag);
  const outputs = planOutputs({
    values: flags.list('output'),
    tags,
    push: flags.isOn('push'),
    load: flags.isOn('load'),
    annotations: parseAnnotations(flags.list('annotation')),
  });
  if (outputs !== undefined) checkDestinations(outputs, io.cwd, io.stdout.isTerminal);
  const iidFile = filePath(call, 'iidfile');
  if (iidFile !== undefined && targets.length > 1) {
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', '`--iidfile` holds one image ID, and there are several targets', {
      hint: '`--metadata-file FILE` holds what became of each',
    });
  }
  if (iidFile !== undefined && !makesImage(outputs)) {
    throw new SlipwayError('CLI_BAD_OUTPUT', 'local and tar exporters are incompatible with image ID file', {
      hint: 'leave `--iidfile` out',
    });
  }
  const metadataFile = filePath(call, 'metadata-file');
  const settings = {
    target: targets.length > 1 ? targets : targets[0],
    require: required(flags.list('require')),
    buildArgs: buildArgs(call),
    labels: parseLabels(flags.list('label')),
    platform: platform(call),
    contexts: parseContexts(flags.list('build-context')),
    contextModes: contextModes(flags.text('context-modes')),
    secrets: parseSecrets(flags.list('secret'), io.env, io.cwd),
    ssh: sshAgents(call, context),
    noCache: flags.isOn('no-cache'),
    pull: flags.isOn('pull'),
    reproducible: flags.isOn('reproducible') || undefined,
    noCacheFilter: noCacheFilter(flags.list('no-cache-filter')),
    extraHosts: parseExtraHosts(flags.list('add-host')),
    ulimits: parseUlimits(flags.list('ulimit')),
    shmSizeBytes: parseShmSize(flags.text('shm-size')),
    limits: limits(call),
    cgroupParent: flags.text('cgroup-parent') || undefined,
    network: network(flags.text('network')),
    onFail: parseOnFail(flags.list('on-fail'), io.cwd),
    allow: allow(flags.list('allow')),
    jobs: jobs(flags.text('jobs')),
    cacheLimitBytes: cacheLimit(call),
    checks: checks(call),
  };
  const input = await findInput(context, flags.text('file'), io.stdin, io.cwd);
  if (iidFile !== undefined) rmSync(iidFile, { force: true });
  const options = compact<BuildOptions>({
    ...settings,
    context: input.context,
    contextTar: input.contextTar,
    file: input.file,
    dockerfile: input.dockerfile,
    tags: tags.flatMap(({ target, name }) => (target === undefined ? name : [])),
    outputs,
    stdout: writesToStdout(outputs) ? io.stdout.stream() : undefined,
    engine: { ...call.engine, ...(flags.isOn('offline') ? { offline: true } : {}) },
  });
  if (flags.isOn('load') && !flags.isOn('quiet')) {
    io.stderr.write(
      "note: `--load` puts the image into Slipway's own store; `slipway save NAME | docker load` hands it to Docker\n",
    );
  }
  return { options, outputs, input, iidFile, metadataFile };
}

interface Done {
  readonly result: BuildResult;
  readonly warnings: readonly RawWarning[];
}

async function writeResult({ result, warnings }: Done, request: Request, progress: Progress, call: BuildCall): Promise<void> {
  const { io } = call;
  const id = resultId(result);
  if (request.iidFile !== undefined && id !== undefined) writeAside(request.iidFile, id);
  if (request.metadataFile !== undefined) {
    const told = /^(?:1|t|true)$/i.test(io.env['BUILDX_METADATA_WARNINGS'] ?? '') ? warnings : undefined;
    writeAside(request.metadataFile, JSON.stringify(metadata(result, told), undefined, 2));
  }
  if (call.flags.isOn('quiet') && !writesToStdout(request.outputs))
    io.stdout.write(
      resultIds(result)
        .map((each) => `${each}\n`)
        .join(''),
    );
  if (progress.mode === 'json') io.stderr.write(`${JSON.stringify({ kind: 'build-done', result })}\n`);
  else if (progress.mode === 'plain' || progress.mode === 'tty') io.stderr.write(`${summary(result)}${freedLine(result)}`);
}

/** `built app:latest (sha256:…), 12.34MB, in 3.4s: 9 steps, 7 cached`. */
function summary(result: BuildResult): string {
  const what =
    result.targets.length > 1 ? result.targets.map((target) => `${target.stage}: ${made(target)}`).join('; ') : made(result);
  const { total, cached } = result.steps;
  return `\nbuilt ${what}, in ${formatDuration(result.durationMs)}: ${total} ${total === 1 ? 'step' : 'steps'}, ${cached} cached\n`;
}

function made(result: Pick<BuildResult, 'names' | 'imageId' | 'manifestDigest' | 'imageSizeBytes'>): string {
  const id = resultId(result);
  const names = result.names.map((name) => name.replace(/^docker\.io\/(?:library\/)?/, ''));
  const what = names.length > 0 ? `${names.join(', ')}${id === undefined ? '' : ` (${id})`}` : (id ?? 'files');
  return id === undefined ? what : `${what}, ${formatBytes(result.imageSizeBytes)}`;
}

function freedLine({ freed }: BuildResult): string {
  if (freed === undefined) return '';
  const things = freed.count === 1 ? 'thing' : 'things';
  return `freed ${formatBytes(freed.sizeBytes)}: ${freed.count} ${things}, least recently used, to keep the cache within its limit\n`;
}

function filePath(call: BuildCall, flag: 'iidfile' | 'metadata-file'): string | undefined {
  const path = call.flags.text(flag);
  return path === undefined || path === '' ? undefined : resultPath(`--${flag}`, path, call.io.cwd);
}

/** By precedence: flag, variable, configuration file. */
function cacheLimit({ flags, io }: BuildCall): number | undefined {
  const flag = flags.text('cache-limit');
  if (flag !== undefined) return flag === '' ? undefined : parseSize(flag, '--cache-limit');
  const variable = io.env['SLIPWAY_CACHE_LIMIT'];
  if (variable) return parseSize(variable, 'SLIPWAY_CACHE_LIMIT');
  const { cacheLimit: configured } = readConfig(io.env);
  return configured === undefined ? undefined : parseSize(configured, 'cacheLimit');
}

/** Proxies of Docker's configuration, then the date of the sources, then what was asked for by name. */
function buildArgs({ flags, io }: BuildCall): Readonly<Record<string, string>> {
  const epoch = io.env['SOURCE_DATE_EPOCH'];
  return {
    ...dockerProxies(io.env),
    ...(epoch ? { SOURCE_DATE_EPOCH: epoch } : {}),
    ...parseBuildArgs(flags.list('build-arg'), io.env),
  };
}

function platform({ flags, io }: BuildCall): string | undefined {
  const given = flags.list('platform').flatMap((value) => parseCsv(value, '--platform'));
  const [first, second] = given.length > 0 ? given : [io.env['DOCKER_DEFAULT_PLATFORM'] || undefined];
  if (second !== undefined) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `several platforms in one build (\`${given.join(',')}\`) are not supported yet`, {
      hint: 'build each platform by itself',
    });
  }
  return first === 'local' ? undefined : first;
}

/** `--target a,b`. */
function targetNames(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function required(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values.flatMap(targetNames);
}

/** A context that is reached over ssh gets the user's agent unasked. */
function sshAgents({ flags, io }: BuildCall, context: string): BuildOptions['ssh'] {
  const given = flags.list('ssh');
  const isSsh = /^ssh:\/\/|^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:/.test(context);
  return parseSshAgents(given.length === 0 && isSsh && io.env['SSH_AUTH_SOCK'] ? ['default'] : given, io.env, io.cwd);
}

function noCacheFilter(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values.flatMap((value) => value.split(','));
}

function network(mode: string | undefined): BuildOptions['network'] {
  if (mode === undefined || mode === '') return undefined;
  if (mode === 'default' || mode === 'host' || mode === 'none') return mode;
  throw new SlipwayError('CLI_BAD_FLAG_VALUE', `network mode "${mode}" not supported by buildkit`, {
    hint: 'use default, host or none',
  });
}

function contextModes(text: string | undefined): BuildOptions['contextModes'] {
  if (text === undefined || text === 'disk' || text === 'git') return text;
  throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${text}\` is no source of modes for \`--context-modes\``, {
    hint: 'write `--context-modes=git`, or `disk` for the modes that the files have',
  });
}

function limits({ flags }: BuildCall): BuildOptions['limits'] {
  const single = Object.fromEntries(
    (['memory', 'cpus', 'memory-swap', 'cpu-shares', 'cpu-period', 'cpu-quota', 'cpuset-cpus', 'cpuset-mems'] as const).map(
      (name) => [name, flags.text(name)],
    ),
  );
  return parseResources(single, flags.list('resource'));
}

/** `buildx.local.delete` belongs to an output that needs no leave here. */
function allow(values: readonly string[]): BuildOptions['allow'] {
  const rights = values.filter((value) => value !== '' && value !== 'buildx.local.delete');
  return rights.length === 0 ? undefined : rights;
}

/** Rules of the configuration, and `--check-error`. */
function checks({ flags, io }: BuildCall): BuildOptions['checks'] {
  const { check } = readConfig(io.env);
  return flags.isOn('check-error') ? { ...check, error: true } : check;
}

function jobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${text}\` is not a number of jobs`, { hint: 'write `--jobs 4`' });
  return Number(text);
}
