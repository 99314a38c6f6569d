import { formatBytes } from '../../base/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseSize } from '../flags/size.ts';
import { interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import type { PruneOptions } from '../ports.ts';
import { formatFields, usageBlocks, usageTable } from '../usage-table.ts';

const flags = {
  all: { kind: 'bool', short: 'a', about: 'also base images, cache mounts, and records of steps that images share' },
  filter: { kind: 'list', value: 'KEY=VALUE', about: 'only what fits: until=24h (not used since), type=…, id=…, description~=…' },
  'keep-storage': { kind: 'string', value: 'SIZE', about: 'keep so much of the cache: what was used last' },
  'max-used-space': { kind: 'string', value: 'SIZE', about: 'the cache may take so much' },
  'reserved-space': { kind: 'string', value: 'SIZE', about: 'so much of the cache always stays' },
  'min-free-space': { kind: 'string', value: 'SIZE', about: 'free space until the disk has so much' },
  'dry-run': { kind: 'bool', about: 'show what would go, and touch nothing' },
  force: { kind: 'bool', short: 'f', about: 'do not ask' },
  verbose: { kind: 'bool', about: 'everything about each record that goes' },
  json: { kind: 'bool', about: 'one JSON object, for scripts' },
} as const;

type PruneCall = Call<typeof flags>;

export const pruneCommand: Command = defineCommand({
  name: 'prune',
  usage: '[OPTIONS]',
  about: 'Free space: take away what no image needs',
  details:
    'Images stay (`slipway rm` takes their names), and so does whatever a running build uses. The least recently used goes first.',
  examples: [
    { line: 'slipway prune', about: 'cached steps that no image needs' },
    { line: 'slipway prune --all --filter until=168h', about: 'everything that was not used for a week' },
    { line: 'slipway prune --all --keep-storage 20GB -f', about: 'down to 20 GB, without a question' },
  ],
  flags,
  takes: { min: 0, max: 0 },
  run: runPrune,
});

async function runPrune(call: PruneCall): Promise<number> {
  const { flags: given, io, library, engine } = call;
  const size = (flag: 'keep-storage' | 'max-used-space' | 'reserved-space' | 'min-free-space'): number | undefined => {
    const text = given.text(flag);
    return text === undefined || text === '' ? undefined : parseSize(text, `--${flag}`);
  };
  using interrupt = interruptible(io, exitCodes.cancelled);
  const options = compact<PruneOptions>({
    all: given.isOn('all'),
    filters: given.list('filter'),
    maxUsedBytes: size('max-used-space'),
    reservedBytes: size('reserved-space') ?? size('keep-storage'),
    minFreeBytes: size('min-free-space'),
    dryRun: given.isOn('dry-run'),
    signal: interrupt.signal,
    engine,
  });
  if (!given.isOn('force') && !given.isOn('dry-run') && io.stdin.isTerminal && !(await isAgreed(given.isOn('all'), io)))
    return exitCodes.ok;
  const { pruneStore } = await library();
  const removed = await pruneStore(options);
  const nowMs = io.clock.nowMs();
  if (given.isOn('json')) io.stdout.write(`${JSON.stringify(removed, undefined, 2)}\n`);
  else {
    if (removed.records.length > 0)
      io.stdout.write(given.isOn('verbose') ? usageBlocks(removed, nowMs) : usageTable(removed, nowMs));
    io.stdout.write(formatFields([[given.isOn('dry-run') ? 'Would free:' : 'Total:', formatBytes(removed.totalBytes)]]));
  }
  return exitCodes.ok;
}

async function isAgreed(all: boolean, io: Io): Promise<boolean> {
  io.stderr.write(
    `WARNING! This will remove all ${all ? '' : 'dangling '}build cache. Are you sure you want to continue? [y/N] `,
  );
  let answer = '';
  for await (const chunk of io.stdin.stream()) {
    answer += Buffer.from(chunk).toString();
    if (answer.includes('\n')) break;
  }
  return /^y(es)?$/i.test(answer.split('\n')[0]?.trim() ?? '');
}
