/** Keeps the end of a process's output. */
export interface LogTail {
  add(data: Uint8Array): void;
  /** The last lines, whole ones where that is possible. */
  text(): string;
}

const keptBytes = 16 << 10;
const keptLines = 20;

export function createLogTail(): LogTail {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add(data) {
      chunks.push(data);
      size += data.byteLength;
      if (size <= 2 * keptBytes) return;
      const end = Buffer.concat(chunks).subarray(-keptBytes);
      chunks = [end];
      size = end.byteLength;
    },
    text() {
      const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\n');
      return lines.slice(-keptLines).join('\n');
    },
  };
}
