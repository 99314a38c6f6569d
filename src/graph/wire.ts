import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { SlipwayError } from '../base/index.ts';

/** One member of a message: how it is written, how one occurrence is read, and what it is when absent. */
export interface Field<T> {
  readonly number: number;
  readonly wireType: WireType;
  readonly absent: T;
  write(writer: BinaryWriter, value: T): void;
  read(reader: BinaryReader, before: T): T;
}

/** A protobuf message as a table of its members, both ways. */
export interface Message<T> {
  write(writer: BinaryWriter, value: T): void;
  read(reader: BinaryReader, end: number): T;
}

/** What to do with a field the table doesn't name: an op must not lose one, metadata may. */
export type UnknownFields = 'refuse' | 'skip';

/**
 * Members are written in ascending field number and zero values left out, so equal values give equal bytes.
 * @see protobuf encoding, "proto3 default values"
 */
export function message<T extends object>(
  name: string,
  fields: { readonly [K in keyof T]-?: Field<T[K]> },
  unknown: UnknownFields = 'refuse',
): Message<T> {
  const members = Object.entries<Field<unknown>>(fields).sort(([, a], [, b]) => a.number - b.number);
  const byNumber = new Map(members.map(([key, field]) => [field.number, { key, field }]));
  return {
    write: (writer, value) => {
      const record = value as Readonly<Record<string, unknown>>;
      for (const [key, field] of members) field.write(writer, record[key]);
    },
    read: (reader, end) => {
      const record: Record<string, unknown> = {};
      for (const [key, field] of members) record[key] = field.absent;
      while (reader.pos < end) {
        const [number, wireType] = reader.tag();
        const member = byNumber.get(number);
        if (member?.field.wireType === wireType) record[member.key] = member.field.read(reader, record[member.key]);
        else if (unknown === 'skip') reader.skip(wireType, number);
        else throw new SlipwayError('GRAPH_UNSUPPORTED', `field ${number} of the LLB message ${name} is not supported`);
      }
      return record as T;
    },
  };
}

export function encodeMessage<T>(message: Message<T>, value: T): Uint8Array {
  const writer = new BinaryWriter();
  message.write(writer, value);
  return writer.finish();
}

/** @throws {SlipwayError} `GRAPH_BAD_BYTES`, `GRAPH_UNSUPPORTED` */
export function decodeMessage<T>(message: Message<T>, bytes: Uint8Array): T {
  try {
    const reader = new BinaryReader(bytes);
    return message.read(reader, reader.len);
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw new SlipwayError('GRAPH_BAD_BYTES', 'the bytes are not an LLB message', { cause });
  }
}

function scalar<T>(
  number: number,
  wireType: WireType,
  absent: T,
  put: (writer: BinaryWriter, value: T) => void,
  get: (reader: BinaryReader) => T,
): Field<T> {
  return {
    number,
    wireType,
    absent,
    write: (writer, value) => {
      if (value !== absent) put(writer.tag(number, wireType), value);
    },
    read: get,
  };
}

const { Varint, LengthDelimited } = WireType;
const number64 = (reader: BinaryReader): number => Number(reader.int64());

export const text = (number: number): Field<string> =>
  scalar(
    number,
    LengthDelimited,
    '',
    (writer, value) => writer.string(value),
    (reader) => reader.string(),
  );
export const flag = (number: number): Field<boolean> =>
  scalar(
    number,
    Varint,
    false,
    (writer, value) => writer.bool(value),
    (reader) => reader.bool(),
  );
export const int32 = (number: number): Field<number> =>
  scalar(
    number,
    Varint,
    0,
    (writer, value) => writer.int32(value),
    (reader) => reader.int32(),
  );
export const uint32 = (number: number): Field<number> =>
  scalar(
    number,
    Varint,
    0,
    (writer, value) => writer.uint32(value),
    (reader) => reader.uint32(),
  );
/** A 64-bit integer that stays within the safe ones. */
export const int64 = (number: number): Field<number> =>
  scalar(number, Varint, 0, (writer, value) => writer.int64(value), number64);
export const bigint64 = (number: number): Field<bigint> =>
  scalar(
    number,
    Varint,
    0n,
    (writer, value) => writer.int64(value),
    (reader) => BigInt(reader.int64()),
  );

/** A oneof member: written whenever it is set, also when zero. */
export const setUint32 = (number: number): Field<number | undefined> =>
  scalar<number | undefined>(
    number,
    Varint,
    undefined,
    (writer, value) => writer.uint32(value ?? 0),
    (reader) => reader.uint32(),
  );

/** An enum as the word our types use for it. */
export function word<T extends string>(number: number, words: Readonly<Record<T, number>>): Field<T> {
  const byValue = new Map(Object.entries<number>(words).map(([key, value]) => [value, key as T]));
  const read = (reader: BinaryReader): T => {
    const value = reader.int32();
    const known = byValue.get(value);
    if (known === undefined) throw new SlipwayError('GRAPH_UNSUPPORTED', `the LLB enum value ${value} is not supported`);
    return known;
  };
  const absent = byValue.get(0);
  if (absent === undefined) throw new SlipwayError('GRAPH_INTERNAL', 'an LLB enum has no zero', { class: 'internal' });
  return scalar(number, Varint, absent, (writer, value) => writer.int32(words[value]), read);
}

export const bytes = (number: number): Field<Uint8Array> => ({
  number,
  wireType: LengthDelimited,
  absent: new Uint8Array(),
  write: (writer, value) => {
    if (value.byteLength > 0) writer.tag(number, LengthDelimited).bytes(value);
  },
  read: (reader) => new Uint8Array(reader.bytes()),
});

function element<T>(message: Message<T>): { put: (writer: BinaryWriter, value: T) => void; get: (reader: BinaryReader) => T } {
  return {
    put: (writer, value) => {
      writer.fork();
      message.write(writer, value);
      writer.join();
    },
    get: (reader) => {
      const length = reader.uint32();
      return message.read(reader, reader.pos + length);
    },
  };
}

/** A nested message with presence: written whenever it is set, also when empty. */
export function nested<T>(number: number, message: Message<T>): Field<T | undefined> {
  const { put, get } = element(message);
  const put1 = (writer: BinaryWriter, value: T | undefined): void => {
    if (value !== undefined) put(writer, value);
  };
  return scalar<T | undefined>(number, LengthDelimited, undefined, put1, get);
}

function list<T>(
  number: number,
  put: (writer: BinaryWriter, value: T) => void,
  get: (reader: BinaryReader) => T,
): Field<readonly T[]> {
  return {
    number,
    wireType: LengthDelimited,
    absent: [],
    write: (writer, values) => {
      for (const value of values) put(writer.tag(number, LengthDelimited), value);
    },
    read: (reader, before) => [...before, get(reader)],
  };
}

export const texts = (number: number): Field<readonly string[]> =>
  list(
    number,
    (writer, value) => writer.string(value),
    (reader) => reader.string(),
  );
export const manyBytes = (number: number): Field<readonly Uint8Array[]> =>
  list(
    number,
    (writer, value) => writer.bytes(value),
    (reader) => new Uint8Array(reader.bytes()),
  );
export function many<T>(number: number, message: Message<T>): Field<readonly T[]> {
  const { put, get } = element(message);
  return list(number, put, get);
}

/** A map: entries sorted by key in UTF-8 order, each with its key and value even when empty. */
export function map<V>(number: number, value: Field<V>): Field<Readonly<Record<string, V>>> {
  return {
    number,
    wireType: LengthDelimited,
    absent: {},
    write: (writer, values) => {
      for (const key of Object.keys(values).sort(compareUtf8)) {
        writer.tag(number, LengthDelimited).fork().tag(1, LengthDelimited).string(key);
        const item = values[key] as V;
        if (item === '') writer.tag(2, LengthDelimited).string('');
        else value.write(writer, item);
        writer.join();
      }
    },
    read: (reader, before) => {
      const end = reader.uint32() + reader.pos;
      let key = '';
      let item = value.absent;
      while (reader.pos < end) {
        const [field, wireType] = reader.tag();
        if (field === 1 && wireType === LengthDelimited) key = reader.string();
        else if (field === value.number && wireType === value.wireType) item = value.read(reader, item);
        else reader.skip(wireType, field);
      }
      return { ...before, [key]: item };
    },
  };
}

/** Code point order is UTF-8 byte order; JavaScript's own string order is not, beyond the basic plane. */
function compareUtf8(a: string, b: string): number {
  for (let i = 0; ; ) {
    const x = a.codePointAt(i) ?? -1;
    const y = b.codePointAt(i) ?? -1;
    if (x !== y || x < 0) return x - y;
    i += x > 0xffff ? 2 : 1;
  }
}
