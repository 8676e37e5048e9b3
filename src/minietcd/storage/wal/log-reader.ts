import { counted } from '../../../go/count.ts';
import { DataError } from './error.ts';
import { hasHeader, headerBytes, indexAt, isBatchStart, readRecord, recordBytes, type LogRecord } from './record.ts';
import { hex16, readSegment, segmentHeaderBytes, type SegmentFile } from './segment.ts';

/** The end of a log, after which the next record is written. */
export interface LogEnd {
  readonly file: SegmentFile;
  /** The offset of the next record. */
  readonly offset: number;
  readonly lastIndex: number;
  /** The CRC of the last record. */
  readonly chain: number;
  /** Above 0 when the last bytes are not a whole record and may be dropped: their number. */
  readonly tornBytes: number;
  /** What is known about these bytes; '' when there are none. */
  readonly torn: string;
}

/** Options for reading a log. */
export interface LogReader {
  readonly clusterId: string;
  /** Called for every record, in order. */
  readonly take: (frame: LogRecord) => void;
  /** Ends a damaged log at the damage instead of throwing; called with the damage. */
  readonly cutAtDamage?: (error: DataError) => void;
}

/** Reads segments, oldest first, to the end of the log. Throws DataError for any damage except a torn tail. */
export function readLog(files: readonly SegmentFile[], reader: LogReader): LogEnd {
  let end: LogEnd | undefined;
  for (const file of files) {
    try {
      end = readOne(file, end, { reader, isLast: file === files.at(-1) });
    } catch (error) {
      const cut = reader.cutAtDamage;
      if (cut === undefined || end === undefined || !(error instanceof DataError) || error.code !== 'damaged')
        throw error;
      cut(error);
      return end;
    }
    if (end.tornBytes > 0) break;
  }
  if (end === undefined) throw new DataError('damaged', 'the log has no segments');
  return end;
}

function readOne(
  file: SegmentFile,
  before: LogEnd | undefined,
  { reader, isLast }: { reader: LogReader; isLast: boolean },
): LogEnd {
  const { header, bytes } = readSegment(file);
  checkJoint(file, header, before);
  if (header.clusterId !== reader.clusterId) {
    throw new DataError('damaged', `${file.path}: the segment belongs to another data directory`);
  }
  let offset = segmentHeaderBytes;
  let chain = header.chain;
  let lastIndex = header.firstIndex - 1;
  while (offset < bytes.length) {
    const frame = readRecord(bytes, offset, chain);
    const fault = typeof frame === 'string' ? frame : faultOfIndex(frame, lastIndex);
    // Reserved space that is not used yet.
    if (typeof frame === 'string' && isLast && isZero(bytes, offset, bytes.length)) break;
    if (typeof frame === 'string' || fault !== undefined) {
      const torn = isLast && typeof frame === 'string' && isTorn(bytes, offset, lastIndex);
      if (!torn) {
        const error = damageAt(file, offset, `${fault}; the last good record has index ${lastIndex}`);
        if (reader.cutAtDamage === undefined) throw error;
        reader.cutAtDamage(error);
      }
      return { file, offset, lastIndex, chain, tornBytes: bytes.length - offset, torn: tornWords(bytes, offset) };
    }
    reader.take(frame);
    lastIndex = frame.index;
    chain = frame.crc;
    offset = frame.end;
  }
  return { file, offset, lastIndex, chain, tornBytes: 0, torn: '' };
}

/**
 * A file that another program has cut looks like one whose last write was cut by a crash: whether a client got an
 * answer is unknown. If the file is long enough, a part of the record never reached the disk, so the sync, and with it
 * the answer, was not done.
 */
function tornWords(bytes: Buffer, offset: number): string {
  const what = `an unfinished write of ${counted(bytes.length - offset, 'byte')}`;
  if (recordEnd(bytes, offset) <= bytes.length) {
    return `${what}; no client got an answer for it, unless the disk lost data that it had confirmed`;
  }
  return `${what}; either a crash interrupted it before a client got an answer, or something else shortened the file later`;
}

function recordEnd(bytes: Buffer, offset: number): number {
  return hasHeader(bytes, offset) ? offset + recordBytes(bytes.readUInt32LE(offset)) : offset + headerBytes;
}

function damageAt(file: SegmentFile, offset: number, what: string): DataError {
  return new DataError('damaged', `${file.path}: offset ${offset}: ${what}`);
}

function faultOfIndex(frame: LogRecord, lastIndex: number): string | undefined {
  return frame.index === lastIndex + 1 ? undefined : `the record has index ${frame.index}`;
}

function checkJoint(file: SegmentFile, header: { chain: number; firstIndex: number }, before?: LogEnd): void {
  if (before === undefined) return;
  if (header.firstIndex !== before.lastIndex + 1 || header.chain !== before.chain) {
    const text = `does not continue ${hex16(before.file.seq)}, which ends at index ${before.lastIndex}`;
    throw damageAt(file, 0, `the segment ${text}`);
  }
}

const sector = 512;

/**
 * True when the bytes at an offset are an unfinished write: the file ends inside it, or one of its sectors never
 * reached the disk. A later batch proves the opposite: it was begun only when everything before it was on disk.
 */
function isTorn(bytes: Buffer, offset: number, lastIndex: number): boolean {
  const end = recordEnd(bytes, offset);
  const isCut = end > bytes.length;
  if (!isCut && !coversZeroSector(bytes, offset, end)) return false;
  for (let at = offset + 8; at + headerBytes <= bytes.length; at += 8) {
    const isLater = hasHeader(bytes, at) && isBatchStart(bytes, at);
    if (isLater && indexAt(bytes, at) > lastIndex && indexAt(bytes, at) - lastIndex < bytes.length) return false;
  }
  return true;
}

/**
 * Of the first sector only the bytes after the record before count; of the last one only those that are in the file.
 */
function coversZeroSector(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from - (from % sector); at < to; at += sector) {
    if (isZero(bytes, Math.max(at, from), Math.min(at + sector, bytes.length))) return true;
  }
  return false;
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
