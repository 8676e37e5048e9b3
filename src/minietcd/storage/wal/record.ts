import { crc32c } from './crc.ts';

/**
 * A record of the log on disk, little-endian: u32 payload length, u8 type, u8 flags, u16 checksum of the other header
 * fields, u64 index, u32 CRC-32C over the CRC of the record before, the header and the payload; the payload; zeros up
 * to a multiple of 8 bytes.
 */
export const headerBytes = 20;

/** A longer payload is not a record: no request is that long. */
const maxPayloadBytes = 12 * 1024 * 1024;

/** The first record of a batch: everything before it was on disk before it was written. */
const batchStart = 1;

/** The content of a record. */
export interface Entry {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** A record that was read; the payload is a view of the read buffer. */
export interface LogRecord extends Entry {
  readonly index: number;
  readonly startsBatch: boolean;
  readonly crc: number;
  /** Where the next record begins. */
  readonly end: number;
}

/** The size of a record with a payload. */
export function recordBytes(payload: number): number {
  return (headerBytes + payload + 7) & ~7;
}

/** The position of a record, and what is before it. */
export interface RecordPlace {
  readonly at: number;
  readonly index: number;
  readonly startsBatch: boolean;
  /** The CRC of the record before. */
  readonly chain: number;
}

/** Writes a record into out and returns its CRC. */
export function writeRecord(out: Buffer, entry: Entry, { at, index, startsBatch, chain }: RecordPlace): number {
  const { payload } = entry;
  out.writeUInt32LE(payload.length, at);
  out[at + 4] = entry.type;
  out[at + 5] = startsBatch ? batchStart : 0;
  out.writeUInt32LE(index % 0x1_0000_0000, at + 8);
  out.writeUInt32LE(Math.floor(index / 0x1_0000_0000), at + 12);
  out.writeUInt16LE(headerSum(out, at), at + 6);
  const start = at + headerBytes;
  out.set(payload, start);
  const end = start + payload.length;
  out.fill(0, end, at + recordBytes(payload.length));
  const crc = crc32c(out, start, end, crc32c(out, at, at + 16, chain));
  out.writeUInt32LE(crc, at + 16);
  return crc;
}

/** Reads the record at an offset, or returns why there is none, as text for the operator. */
export function readRecord(bytes: Buffer, at: number, chain: number): LogRecord | string {
  if (at + headerBytes > bytes.length) return 'the file ends inside a record';
  if (!hasHeader(bytes, at)) return 'no record begins there';
  const length = bytes.readUInt32LE(at);
  const end = at + recordBytes(length);
  if (end > bytes.length) return 'the file ends inside a record';
  const start = at + headerBytes;
  const crc = crc32c(bytes, start, start + length, crc32c(bytes, at, at + 16, chain));
  if (crc !== bytes.readUInt32LE(at + 16)) return 'the checksum of the record is wrong';
  for (let pad = start + length; pad < end; pad++) if (bytes[pad] !== 0) return 'the padding of the record is not zero';
  return {
    type: bytes[at + 4]!,
    payload: bytes.subarray(start, start + length),
    index: indexAt(bytes, at),
    startsBatch: isBatchStart(bytes, at),
    crc,
    end,
  };
}

/** True when the header at an offset is valid: its length can be trusted. */
export function hasHeader(bytes: Buffer, at: number): boolean {
  if (at + headerBytes > bytes.length || bytes[at + 4] === 0) return false;
  return bytes.readUInt16LE(at + 6) === headerSum(bytes, at) && bytes.readUInt32LE(at) <= maxPayloadBytes;
}

/** The index in the header at an offset. */
export function indexAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 0x1_0000_0000;
}

/** True when the header at an offset is the first of a batch. */
export function isBatchStart(bytes: Buffer, at: number): boolean {
  return (bytes[at + 5]! & batchStart) !== 0;
}

function headerSum(bytes: Buffer, at: number): number {
  return crc32c(bytes, at + 8, at + 16, crc32c(bytes, at, at + 6)) & 0xffff;
}
