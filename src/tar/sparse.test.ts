import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../base/index.ts';
import { toLayerEntry } from './entry.ts';
import { createTarParser } from './parser.ts';
import { endOfTar, padded, parseAll, pax, rawHeader, sealed } from './samples.ts';

/** A file with holes around `pieces` pieces of four bytes, and what GNU tar makes of it. */
function sparseTar(
  sizeBytes: number,
  pieces: number,
  ...args: readonly string[]
): { readonly content: Buffer; readonly tar: Buffer } {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-sparse-'));
  try {
    const fd = openSync(join(scratch, 'f'), 'w');
    ftruncateSync(fd, sizeBytes);
    for (let piece = 0; piece < pieces; piece++) writeSync(fd, 'data', piece * 16_384 + 100);
    closeSync(fd);
    const tar = execFileSync('tar', ['-c', '-S', '-C', scratch, ...args, 'f'], { maxBuffer: 1 << 28 });
    return { content: readFileSync(join(scratch, 'f')), tar };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

test.for<[format: string, args: string[]]>([
  ['gnu', ['--format=gnu']],
  ['pax 0.0', ['--format=posix', '--sparse-version=0.0']],
  ['pax 0.1', ['--format=posix', '--sparse-version=0.1']],
  ['pax 1.0', ['--format=posix', '--sparse-version=1.0']],
])('a sparse file of GNU tar in the form %s gets its holes back', ([, args]) => {
  // No piece, as many as the header holds, as many as one header more holds, many; a hole at the end or none.
  for (const [sizeBytes, pieces] of [
    [100_000, 0],
    [40_000, 1],
    [3 * 16_384 + 104, 4],
    [25 * 16_384, 25],
    [1_500_001, 90],
  ] as const) {
    const { content, tar } = sparseTar(sizeBytes, pieces, ...args);
    for (const step of [tar.length, 700]) {
      const { members, contents } = parseAll(tar, step);
      expect(members).toMatchObject([{ name: 'f', type: 'file', sizeBytes, isSparse: true }]);
      expect(contents[0]?.equals(content), `${sizeBytes} ${pieces} ${step}`).toBe(true);
    }
  }
});

test('a sparse file cannot be part of a layer: its bytes are not in one place', () => {
  const [member] = parseAll(sparseTar(100_000, 2, '--format=gnu').tar).members;
  expect(() => toLayerEntry(member!)).toThrow(expect.objectContaining({ code: 'TAR_UNSUPPORTED' }));
});

/** A header of the type `S` with this map. */
function sparseHeader(storedBytes: number, realSizeBytes: number, ...numbers: readonly number[]): Buffer {
  const block = rawHeader('f', 'S', storedBytes, { magic: 'ustar  \0' });
  numbers.forEach((number, at) => block.write(`${number.toString(8).padStart(11, '0')}\0`, 386 + at * 12, 'latin1'));
  block.write(`${realSizeBytes.toString(8).padStart(11, '0')}\0`, 483, 'latin1');
  return sealed(block);
}

const eight = padded(Buffer.from('12345678'));

test.for<[what: string, tar: Buffer]>([
  ['a piece behind its end', Buffer.concat([sparseHeader(8, 100, 96, 8), eight])],
  ['pieces that overlap', Buffer.concat([sparseHeader(8, 100, 0, 4, 2, 4), eight])],
  ['more bytes than its map', Buffer.concat([sparseHeader(8, 100, 0, 4), eight])],
  ['fewer bytes than its map', Buffer.concat([sparseHeader(8, 100, 0, 12), eight])],
  ['no bytes for its map', sparseHeader(0, 100, 0, 12)],
  ['a map of odd length', Buffer.concat([pax('GNU.sparse.map=0,4,8', 'GNU.sparse.size=9'), rawHeader('f', '0', 8), eight])],
  [
    'a map that is no numbers',
    Buffer.concat([pax('GNU.sparse.major=1'), rawHeader('f', '0', 512), padded(Buffer.from('two\n'))]),
  ],
  [
    'a map without end',
    Buffer.concat([pax('GNU.sparse.major=1'), rawHeader('f', '0', 512), padded(Buffer.from('9999999\n'.repeat(64)))]),
  ],
  ['a map of nothing', Buffer.concat([pax('GNU.sparse.major=1'), rawHeader('f', '0', 0)])],
])('a sparse file with %s is refused', ([, tar]) => {
  expect(() => parseAll(Buffer.concat([tar, endOfTar]))).toThrow(expect.objectContaining({ code: 'TAR_BAD_HEADER' }));
});

test('a tar that ends inside a sparse file is cut off', () => {
  const { tar } = sparseTar(25 * 16_384, 25, '--format=gnu');
  for (const end of [700, 1024, 3000]) {
    expect(() => parseAll(tar.subarray(0, end))).toThrow(expect.objectContaining({ code: 'TAR_TRUNCATED' }));
  }
});

/** Stops where a damaged size makes it go on for gigabytes. */
function parseSome(tar: Uint8Array): void {
  let left = 5_000_000;
  const parser = createTarParser({
    onMember: () => {},
    onData(chunk) {
      left -= chunk.length;
      if (left < 0) throw new SlipwayError('TAR_BAD_HEADER', 'enough');
    },
  });
  parser.write(tar);
  parser.end();
}

test('damaged maps are read or refused, never anything else', () => {
  const tars = ['0.1', '1.0'].map((version) => sparseTar(200_000, 10, '--format=posix', `--sparse-version=${version}`).tar);
  tars.push(sparseTar(200_000, 10, '--format=gnu').tar);
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...tars),
      fc.array(fc.tuple(fc.nat(2000), fc.constantFrom(...'0123456789\n\0=,x')), { minLength: 3, maxLength: 12 }),
      (good, damage) => {
        const bad = Buffer.from(good);
        for (const [at, character] of damage) bad.write(character, at, 'latin1');
        for (let at = 0; at + 512 <= 2600; at += 512)
          if (bad.toString('latin1', at + 257, at + 262) === 'ustar') sealed(bad.subarray(at, at + 512));
        try {
          parseSome(bad.subarray(0, 60_000));
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(SlipwayError);
        }
      },
    ),
    { numRuns: 200 },
  );

  expect(refused).toBeGreaterThan(20);
});
