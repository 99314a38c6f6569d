import { SlipwayError } from '../../base/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { usageBlocks, usageOverview, usageTable, usageTotals } from '../usage-table.ts';

const flags = {
  verbose: { kind: 'bool', about: 'everything about each record' },
  json: { kind: 'bool', about: 'one JSON object, for scripts' },
  format: { kind: 'string', value: 'FORMAT', about: 'table (default), pretty (as --verbose) or json (as --json)' },
  filter: {
    kind: 'list',
    value: 'KEY=VALUE',
    about: 'only what fits: until=24h, type=exec.cachemount, id=…, description~=apt, shared, inuse, …',
  },
  verify: { kind: 'bool', about: 'look for damage instead: in records, in blobs (by their digests) and in unpacked layers' },
} as const;

type DuCall = Call<typeof flags>;

export const duCommand: Command = defineCommand({
  name: 'du',
  usage: '[OPTIONS]',
  about: 'Show what uses space in the store',
  details:
    'Sizes are what the disk gives: allocated blocks, each file once however many layers link to it.\n* behind an ID: it may change. * behind a size: several images share it.',
  examples: [
    { line: 'slipway du', about: 'everything, then the sums by image and by kind' },
    { line: 'slipway du --filter type=exec.cachemount --verbose', about: 'the cache mounts' },
    { line: 'slipway du --verify', about: 'is the store whole?' },
  ],
  flags,
  takes: { min: 0, max: 0 },
  run: (call) => (call.flags.isOn('verify') ? runVerify(call) : runDu(call)),
});

async function runDu({ flags: given, io, library, engine }: DuCall): Promise<number> {
  const format = given.isOn('json') ? 'json' : (given.text('format') ?? (given.isOn('verbose') ? 'pretty' : 'table'));
  if (format !== 'json' && format !== 'pretty' && format !== 'table') {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway du --format ${format}\` is not supported yet`, {
      hint: 'use table, pretty or json',
    });
  }
  const { diskUsage } = await library();
  const filters = given.list('filter');
  const usage = await diskUsage({ filters, engine });
  const nowMs = io.clock.nowMs();
  if (format === 'json') io.stdout.write(`${JSON.stringify(usage, undefined, 2)}\n`);
  else if (format === 'pretty') io.stdout.write(`${usageBlocks(usage, nowMs)}${usageTotals(usage)}`);
  else io.stdout.write(`${usageTable(usage, nowMs)}${usageTotals(usage)}${filters.length === 0 ? usageOverview(usage) : ''}`);
  return exitCodes.ok;
}

async function runVerify({ flags: given, io, library, engine }: DuCall): Promise<number> {
  using interrupt = interruptible(io, exitCodes.cancelled);
  const { verifyStore } = await library();
  const problems = await verifyStore({ engine, signal: interrupt.signal });
  if (given.isOn('json')) io.stdout.write(`${JSON.stringify(problems, undefined, 2)}\n`);
  else {
    for (const { path, message } of problems) io.stdout.write(`${path}: ${message}\n`);
    io.stderr.write(
      problems.length === 0
        ? 'nothing is broken\n'
        : `${problems.length} ${problems.length === 1 ? 'thing is' : 'things are'} broken\n`,
    );
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.internal;
}
