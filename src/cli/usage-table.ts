import { formatBytes } from '../base/index.ts';
import type { DiskUsage, UsageRecord } from './ports.ts';
import { formatTable, timeAgo } from './table.ts';

/** `*` behind an id: the thing may change; behind a size: several images share it. */
export function usageTable(usage: DiskUsage, nowMs: number): string {
  const rows = usage.records.map((record) => [
    `${record.id}${record.mutable ? '*' : ''}`,
    String(record.reclaimable),
    `${formatBytes(record.sizeBytes)}${record.shared ? '*' : ''}`,
    timeAgo(record.lastUsedAt, nowMs),
  ]);
  return formatTable([['ID', 'RECLAIMABLE', 'SIZE', 'LAST ACCESSED'], ...rows]);
}

/** A block for each record. */
export function usageBlocks(usage: DiskUsage, nowMs: number): string {
  return usage.records.map((record) => `${formatFields(fieldsOf(record, nowMs))}\n`).join('');
}

function fieldsOf(record: UsageRecord, nowMs: number): readonly (readonly [string, string])[] {
  return [
    ['ID:', record.id],
    ...(record.parents.length === 0 ? [] : [['Parents:', record.parents.join(', ')] as const]),
    ['Created at:', record.createdAt],
    ['Mutable:', String(record.mutable)],
    ['Reclaimable:', String(record.reclaimable)],
    ['Shared:', String(record.shared)],
    ['Size:', formatBytes(record.sizeBytes)],
    ['Description:', record.description],
    ...(record.images.length === 0 ? [] : [['Images:', record.images.join(', ')] as const]),
    ['Last used:', timeAgo(record.lastUsedAt, nowMs)],
    ['Type:', record.type],
  ];
}

export function formatFields(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

/** `Reclaimable:` and `Total:`, and what images share, when they do. */
export function usageTotals({ sharedBytes, totalBytes, reclaimableBytes }: DiskUsage): string {
  const shared: readonly (readonly [string, string])[] =
    sharedBytes === 0
      ? []
      : [
          ['Shared:', formatBytes(sharedBytes)],
          ['Private:', formatBytes(totalBytes - sharedBytes)],
        ];
  return formatFields([...shared, ['Reclaimable:', formatBytes(reclaimableBytes)], ['Total:', formatBytes(totalBytes)]]);
}

const parts: readonly (readonly [name: string, wants: (record: UsageRecord) => boolean])[] = [
  ['images', ({ images }) => images.length > 0],
  ['cache of steps', ({ kind, images }) => kind === 'step' && images.length === 0],
  ['base images', ({ kind, images }) => (kind === 'base' || kind === 'documents') && images.length === 0],
  ['cache mounts', ({ kind }) => kind === 'cache-mount'],
  ['contexts', ({ kind }) => kind === 'context'],
  ['git repositories', ({ kind }) => kind === 'repository'],
  ['half-made', ({ kind }) => kind === 'half-made'],
  ['left over', ({ kind }) => kind === 'left-over'],
  ['bookkeeping', ({ kind }) => kind === 'bookkeeping'],
];

/** Where the bytes are: by image, then by what else there is. */
export function usageOverview({ records }: DiskUsage): string {
  const sum = (wants: (record: UsageRecord) => boolean): string =>
    formatBytes(records.reduce((bytes, record) => bytes + (wants(record) ? record.sizeBytes : 0), 0));
  const names = [...new Set(records.flatMap(({ images }) => images))].sort();
  const images = names.map((name) => [
    name,
    sum((record) => record.images.includes(name)),
    sum((record) => record.images.includes(name) && record.images.length === 1),
  ]);
  const others = parts.flatMap(([name, wants]) => {
    const count = records.filter(wants).length;
    return count === 0 ? [] : [[name, String(count), sum(wants), sum((record) => wants(record) && record.reclaimable)]];
  });
  return [
    ...(images.length === 0 ? [] : [`\n${formatTable([['IMAGE', 'SIZE', 'ITS OWN'], ...images])}`]),
    `\n${formatTable([['WHAT', 'COUNT', 'SIZE', 'RECLAIMABLE'], ...others])}`,
  ].join('');
}
