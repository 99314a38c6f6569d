const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `12.34MB`: decimal units, as Docker prints sizes. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < decimal.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value}B` : `${value.toFixed(2)}${decimal[unit]}`;
}

/** `0.3s`, `12.0s`, `1m05s`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
