import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc.ts';
import { DataError } from './error.ts';

/** The header of a segment, partly also in its name. */
export interface SegmentHeader {
  readonly seq: number;
  /** The index of its first record. */
  readonly firstIndex: number;
  /** The cluster of the log. */
  readonly clusterId: string;
  /** The CRC of the last record of the segment before. */
  readonly chain: number;
}

/** A segment on disk. */
export interface SegmentFile {
  readonly path: string;
  readonly seq: number;
  readonly firstIndex: number;
}

/** Length of the header: magic, u32 format, u32 chain, u64 seq, u64 first index, u64 cluster id, zeros, u32 CRC-32C. */
export const segmentHeaderBytes = 64;

const magic = 'METCDWAL';
const format = 1;
const sumAt = segmentHeaderBytes - 4;

/** The file name of a segment. */
export function segmentName({ seq, firstIndex }: SegmentHeader): string {
  return `${hex16(seq)}-${hex16(firstIndex)}.wal`;
}

/** Sixteen hex digits, so that names sort like numbers. */
export function hex16(number: number): string {
  return number.toString(16).padStart(16, '0');
}

/** The segments of a folder in order. Throws DataError when one between others is missing. */
export function listSegments(folder: string): readonly SegmentFile[] {
  const files = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), match: /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name) }))
    .filter(({ match }) => match !== null)
    .map(({ path, match }) => ({ path, seq: parseInt(match![1]!, 16), firstIndex: parseInt(match![2]!, 16) }))
    .sort((a, b) => a.seq - b.seq);
  files.forEach((file, i) => {
    const previous = files[i - 1];
    if (previous !== undefined && file.seq !== previous.seq + 1) {
      throw new DataError('damaged', `${folder}: segment ${hex16(previous.seq + 1)} is missing`);
    }
  });
  return files;
}

/** Encodes the header. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  bytes.write(magic, 'latin1');
  bytes.writeUInt32LE(format, 8);
  bytes.writeUInt32LE(header.chain, 12);
  bytes.writeBigUInt64LE(BigInt(header.seq), 16);
  bytes.writeBigUInt64LE(BigInt(header.firstIndex), 24);
  bytes.writeBigUInt64LE(BigInt(`0x${header.clusterId}`), 32);
  bytes.writeUInt32LE(crc32c(bytes, 0, sumAt), sumAt);
  return bytes;
}

/** Reads a whole segment and its header. Throws DataError when the header does not fit the file name. */
export function readSegment(file: SegmentFile): { readonly header: SegmentHeader; readonly bytes: Buffer } {
  const bytes = readFileSync(file.path);
  const damaged = (what: string) => new DataError('damaged', `${file.path}: offset 0: ${what}`);
  if (bytes.length < segmentHeaderBytes) throw damaged('the file is too short to be a segment');
  if (bytes.toString('latin1', 0, 8) !== magic) throw damaged('this is not a segment of a mini-etcd log');
  if (crc32c(bytes, 0, sumAt) !== bytes.readUInt32LE(sumAt)) throw damaged('the checksum of the header is wrong');
  if (bytes.readUInt32LE(8) > format) throw newerError(file.path);
  const header = {
    seq: Number(bytes.readBigUInt64LE(16)),
    firstIndex: Number(bytes.readBigUInt64LE(24)),
    clusterId: bytes.readBigUInt64LE(32).toString(16),
    chain: bytes.readUInt32LE(12),
  };
  if (header.seq !== file.seq || header.firstIndex !== file.firstIndex) {
    throw damaged(`the file was renamed: its header says ${segmentName(header)}`);
  }
  return { header, bytes };
}

/** The error for a file format that this release does not know. */
export function newerError(path: string): DataError {
  return new DataError('refused', `${path}: written by a newer version of mini-etcd`);
}
