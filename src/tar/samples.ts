import type { TarEntry } from './entry.ts';
import type { TarMember } from './member.ts';
import { createTarParser } from './parser.ts';
import { TarWriter } from './writer.ts';

// Tars for tests.

/** The tar of `entries`; the content of a file is its path, repeated to its size. */
export function tarOf(entries: readonly TarEntry[], opaqueMarkers = true): Buffer {
  const chunks: Buffer[] = [];
  const writer = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)), opaqueMarkers });
  for (const entry of entries) {
    writer.writeHeader(entry);
    if (entry.type === 'file' && entry.sizeBytes > 0) writer.writeContent(contentOf(entry.path, entry.sizeBytes));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

export function contentOf(path: string, sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, path);
}

export interface Parsed {
  readonly members: readonly TarMember[];
  /** One for each member. */
  readonly contents: readonly Buffer[];
}

/** Parse in pieces of `step` bytes. */
export function parseAll(tar: Uint8Array, step: number = tar.length): Parsed {
  const members: TarMember[] = [];
  const contents: Buffer[] = [];
  let content: Buffer[] = [];
  const parser = createTarParser({
    onMember: (member) => void members.push(member),
    onData: (chunk) => void content.push(Buffer.from(chunk)),
    onEnd: () => {
      contents.push(Buffer.concat(content));
      content = [];
    },
  });
  for (let at = 0; at < tar.length; at += step) parser.write(tar.subarray(at, at + step));
  parser.end();
  return { members, contents };
}

/** A 512-byte header with a right checksum, of raw fields. */
export function rawHeader(
  name: string,
  type: string,
  size: number | Buffer,
  more: Partial<Record<'link' | 'magic' | 'prefix', string>> = {},
): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  if (typeof size === 'number') block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  else size.copy(block, 124);
  block.write('00000000000\0', 136, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(more.link ?? '', 157, 100, 'utf8');
  block.write(more.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(more.prefix ?? '', 345, 155, 'utf8');
  return sealed(block);
}

/** With the checksum of its bytes. */
export function sealed(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export function padded(body: Uint8Array): Buffer {
  return Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

export function pax(...records: readonly string[]): Buffer {
  const lines = records.map((record) => {
    const bare = Buffer.byteLength(record) + 2;
    const length = [1, 2, 3, 4].map((digits) => bare + digits).find((total) => `${total}`.length === total - bare);
    return `${length} ${record}\n`;
  });
  const body = Buffer.from(lines.join(''));
  return Buffer.concat([rawHeader('pax', 'x', body.length), padded(body)]);
}

export const endOfTar: Buffer = Buffer.alloc(1024);
