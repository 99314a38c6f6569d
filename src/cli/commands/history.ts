import { formatBytes, formatDuration, SlipwayError } from '../../base/index.ts';
import { argumentCount, type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { BuildRecord } from '../ports.ts';
import { streamRenderer } from '../progress/progress.ts';
import { replayed } from '../progress/replay.ts';
import { formatTable, timeAgo } from '../table.ts';
import { takeBuild } from '../take-build.ts';
import { formatFields } from '../usage-table.ts';

const flags = {
  filter: { kind: 'list', value: 'FILTER', about: 'ls: only what fits: status=error, name~=app, duration>1m, startedAt>24h, …' },
  json: { kind: 'bool', about: 'ls, inspect: JSON, for scripts' },
  format: { kind: 'string', value: 'FORMAT', about: 'ls: table (default) or json; inspect: pretty (default) or json' },
  quiet: { kind: 'bool', short: 'q', about: 'ls: print build ids only' },
  progress: { kind: 'string', value: 'MODE', about: 'logs: plain (default), json or rawjson' },
  all: { kind: 'bool', about: 'rm: every build' },
  local: { kind: 'bool', ignored: true },
  'no-trunc': { kind: 'bool', ignored: true },
} as const;

type HistoryCall = Call<typeof flags>;

export const historyCommand: Command = defineCommand({
  name: 'history',
  usage: '[ls | inspect [BUILD] | logs [BUILD] [STEP] | rm BUILD…]',
  about: 'Show builds that have ended: what came of them, and everything they said',
  details:
    'BUILD is an id or the beginning of one, or ^1 for the build before the latest; without it, the latest is meant.\nSTEP is a number, a stage, a stage and a number, or how the instruction begins; without it, everything is shown.\nThe last 200 builds are kept, with at most 256 MiB of what they said.',
  examples: [
    { line: 'slipway history', about: 'the list, latest first' },
    { line: 'slipway history logs', about: 'what the latest build said' },
    { line: 'slipway history logs run npm ci', about: 'what that step of it said' },
    { line: 'slipway history inspect ^1', about: 'details of the one before' },
    { line: 'slipway history ls --filter status=error', about: 'builds that failed' },
  ],
  flags,
  run: runHistory,
});

async function runHistory(call: HistoryCall): Promise<number> {
  const [verb = 'ls', ...rest] = call.positionals;
  switch (verb) {
    case 'ls':
      if (rest.length > 0) throw argumentCount(historyCommand, 'no argument after `ls`');
      return await list(call);
    case 'inspect': {
      const [ref, more] = rest;
      if (more !== undefined) throw argumentCount(historyCommand, 'at most 1 argument after `inspect`');
      return await inspect(ref, call);
    }
    case 'logs':
      return await logs(rest, call);
    case 'rm':
      return await remove(rest, call);
    default:
      throw new SlipwayError('CLI_ARGUMENTS', `\`${verb}\` is not something \`slipway history\` does`, {
        hint: 'it does ls, inspect, logs and rm',
      });
  }
}

function isJson({ flags: given }: HistoryCall, other: 'table' | 'pretty'): boolean {
  const format = given.text('format');
  if (format !== undefined && format !== 'json' && format !== other) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway history --format ${format}\` is not supported yet`, {
      hint: `use ${other} or json`,
    });
  }
  return given.isOn('json') || format === 'json';
}

async function list(call: HistoryCall): Promise<number> {
  const { flags: given, io, library, engine } = call;
  const asJson = isJson(call, 'table');
  const builds = await (await library()).listBuilds({ filters: given.list('filter'), engine });
  if (asJson) io.stdout.write(`${JSON.stringify(builds, undefined, 2)}\n`);
  else if (given.isOn('quiet')) io.stdout.write(builds.map(({ id }) => `${id}\n`).join(''));
  else {
    const nowMs = io.clock.nowMs();
    const rows = builds.map((build) => [
      build.id,
      build.name,
      statusOf(build),
      timeAgo(build.startedAt, nowMs),
      formatDuration(build.durationMs),
    ]);
    io.stdout.write(formatTable([['BUILD ID', 'NAME', 'STATUS', 'CREATED AT', 'DURATION'], ...rows]));
  }
  return exitCodes.ok;
}

function statusOf({ status }: BuildRecord): string {
  return { completed: 'Completed', error: 'Error', canceled: 'Canceled' }[status];
}

async function inspect(ref: string | undefined, call: HistoryCall): Promise<number> {
  const { io, library, engine } = call;
  const asJson = isJson(call, 'pretty');
  const build = await (await library()).inspectBuild({ ...(ref === undefined ? {} : { ref }), engine });
  io.stdout.write(asJson ? `${JSON.stringify(build, undefined, 2)}\n` : pretty(build));
  return exitCodes.ok;
}

type Field = readonly [name: string, value: string];

function pretty(build: BuildRecord): string {
  const { result, error, steps } = build;
  const optional = (name: string, value: string | undefined): readonly Field[] =>
    value === undefined || value === '' ? [] : [[name, value]];
  const parts = [
    formatFields([
      ['Name:', build.name],
      ...optional('Context:', build.context),
      ...optional('Dockerfile:', build.file),
      ...optional('Target:', build.target),
      ...optional('Platform:', build.platform),
      ...optional('Build arguments:', build.buildArgs.join(', ')),
    ]),
    formatFields([
      ['Started:', build.startedAt],
      ['Duration:', formatDuration(build.durationMs)],
      ['Build steps:', `${steps.total} (${steps.total === 0 ? 0 : Math.round((100 * steps.cached) / steps.total)}% cached)`],
      ...(build.warnings === 0 ? [] : [['Warnings:', String(build.warnings)] as const]),
      ['Status:', statusOf(build)],
    ]),
  ];
  if (result !== undefined) {
    const fields: readonly Field[] = [
      ...optional('Names:', result.names.join(', ')),
      ...optional('Image ID:', result.imageId),
      ...optional('Manifest:', result.manifestDigest),
      ...(result.imageId === undefined ? [] : [['Size:', formatBytes(result.imageSizeBytes)] as const]),
      ...optional('Skipped stages:', result.skippedStages.join(', ')),
    ];
    if (fields.length > 0) parts.push(formatFields(fields));
    if (result.stages.length > 0) parts.push(stageTable(result.stages));
  }
  if (error !== undefined) {
    const { at } = error;
    parts.push(
      formatFields([
        ['Error:', `${error.code}: ${error.message}`],
        ...optional('Step:', error.step),
        ...optional('At:', at === undefined ? undefined : `${at.file}:${at.start.line}`),
        ...optional('Hint:', error.hint),
      ]),
    );
    if (error.logTail !== undefined && error.logTail !== '') parts.push(`${error.logTail.replace(/\n?$/, '\n')}`);
  }
  return parts.join('\n');
}

function stageTable(stages: NonNullable<BuildRecord['result']>['stages']): string {
  const rows = stages.map((stage) => [
    stage.name,
    stage.cached ? 'cached' : formatDuration(stage.durationMs),
    formatBytes(stage.sizeBytes),
  ]);
  return formatTable([['STAGE', 'DURATION', 'SIZE'], ...rows]);
}

async function logs(words: readonly string[], { flags: given, io, library, engine }: HistoryCall): Promise<number> {
  const mode = given.text('progress') ?? 'plain';
  const isKnown = mode === 'plain' || mode === 'json' || mode === 'rawjson';
  if (!isKnown) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway history logs --progress ${mode}\` is not supported yet`, {
      hint: 'use plain, json or rawjson',
    });
  }
  const { inspectBuild, buildEvents } = await library();
  const { ref, step } = takeBuild(words);
  const { id, target, status } = await inspectBuild({ ...ref, engine });
  const renderer = streamRenderer(mode, { target });
  for await (const text of replayed(buildEvents({ ref: id, ...step, engine }), renderer, status === 'completed')) {
    if (text !== '') io.stdout.write(text);
    if (io.stdout.isBroken) break;
  }
  return exitCodes.ok;
}

async function remove(refs: readonly string[], { flags: given, io, library, engine }: HistoryCall): Promise<number> {
  const all = given.isOn('all');
  if (all === refs.length > 0) throw argumentCount(historyCommand, 'the builds to forget after `rm`, or `--all`');
  const { removeBuilds } = await library();
  for (const id of await removeBuilds(all ? { engine } : { refs, engine })) io.stdout.write(`${id}\n`);
  return exitCodes.ok;
}
