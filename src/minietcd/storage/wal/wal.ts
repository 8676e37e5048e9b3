import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { counted } from '../../../go/count.ts';
import { fdatasync, fsync, ftruncate, write } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { doublings, Histogram, secondsSince } from '../../../obs/histogram.ts';
import { reasonOf } from './error.ts';
import { recordBytes, headerBytes, writeRecord, type Entry } from './record.ts';
import type { LogEnd } from './log-reader.ts';
import { encodeSegmentHeader, listSegments, segmentHeaderBytes, segmentName } from './segment.ts';

const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);
const truncate = promisify(ftruncate);
const writeAt = promisify(write);

/** After this size a new segment begins. */
const maxSegmentBytes = 32 * 1024 * 1024;

/** The buffer for batches is kept up to this size. */
const keptBuffer = 1024 * 1024;

/** With less free space, a few small writes would fill the disk again at once. */
const minFreeBytes = 1024 * 1024;

/** A longer write is made in another thread, because the system copies all of it. */
const longWrite = 256 * 1024;

/** In seconds. After a slower sync, the time in the thread pool does not matter. */
const quickSync = 0.001;

/** After so many quick syncs a disk counts as quick again. */
const syncsOfDoubt = 50;

/**
 * A segment grows by so many zeros at a time: a sync is much faster, and independent of other programs' syncs, when the
 * length of the file does not change.
 */
const growth = Buffer.alloc(1024 * 1024);

/** The log could not write a batch; nothing of the batch counts. */
export class WalError extends Error {
  override readonly name = 'WalError';
  constructor(
    /**
     * full: no space. away: the file is not at its path, was changed, or cannot be written; both may pass. lost: what
     * is on disk is unknown.
     */
    readonly code: 'full' | 'away' | 'lost',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A range of bytes in a segment. */
interface Stretch {
  readonly length: number;
  readonly at: number;
  readonly isLong: boolean;
}

/** The end of a log, open for writing: one batch at a time. It does not know the meaning of the records. */
export class Wal {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private seq: number;
  private fd: number;
  private path: string;
  /** The inode of the file, whatever its name is. */
  private inode: number;
  private offset: number;
  private chain: number;
  /** How many syncs in a row were quick; below zero after a slow one. */
  private quickSyncs = 0;
  /** The length of the file: the last record is followed by zeros. */
  private allocated: number;
  private isDirty = false;
  /** How many bytes this process has added to the log. */
  bytesWritten = 0;
  /** The durations of the syncs, with etcd's bounds: a millisecond to eight seconds. */
  readonly syncs = new Histogram(doublings(0.001, 14));
  /** The index of the newest record that is on disk. */
  lastIndex: number;

  /** Continues at the end of a log; a torn tail must have been repaired. */
  constructor(
    private readonly folder: string,
    private readonly clusterId: string,
    end: LogEnd,
    private readonly segmentBytes = maxSegmentBytes,
  ) {
    this.seq = end.file.seq;
    this.path = end.file.path;
    this.fd = openSync(this.path, 'r+');
    this.offset = end.offset;
    const { size, ino } = fstatSync(this.fd);
    this.allocated = size;
    this.inode = ino;
    this.chain = end.chain;
    this.lastIndex = end.lastIndex;
  }

  /**
   * What happened to the newest segment, as text; undefined while it is unchanged at its path. If the directory is
   * removed, moved or replaced, or the file is cut, later writes would be lost.
   */
  get fault(): string | undefined {
    try {
      const found = statSync(this.path);
      if (found.ino !== this.inode) return `${this.path} was replaced by another file`;
      if (found.size === this.allocated || this.isDirty) return undefined;
      return `${this.path} has ${counted(found.size, 'byte')} instead of ${this.allocated}: something else has changed it`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        return `${this.path} cannot be reached: ${reasonOf(error)}`;
      return `${this.path} ${fstatSync(this.fd).nlink === 0 ? 'was removed' : 'is not there any more'}`;
    }
  }

  /** False when another process has written after the last record. */
  get isUntouched(): boolean {
    const bytes = Buffer.alloc(headerBytes);
    const length = readSync(this.fd, bytes, 0, bytes.length, this.offset);
    return bytes.subarray(0, length).every((byte) => byte === 0);
  }

  private mustBeThere(): void {
    const { fault } = this;
    if (fault !== undefined) throw new WalError('away', fault);
  }

  /**
   * Writes a batch to disk with one sync; its records get the next indexes. With mayBlock, a sync on a quick disk runs
   * on this thread and blocks everything else. Throws WalError; then nothing of the batch counts.
   */
  async append(entries: readonly Entry[], mayBlock = false): Promise<void> {
    const { length, chain } = this.layOut(entries);
    // Changing the length would hide that the file was cut; every other fault is seen after the sync.
    if (this.offset >= this.segmentBytes || this.allocated < this.offset + length) this.mustBeThere();
    if (this.offset >= this.segmentBytes) await this.cut();
    this.isDirty = true;
    const isLong = length > longWrite;
    try {
      while (this.allocated < this.offset + length) {
        this.allocated += await this.write(growth, { length: growth.length, at: this.allocated, isLong });
      }
      await this.write(this.buffer, { length, at: this.offset, isLong });
    } catch (cause) {
      await this.takeBack();
      throw walError(cause);
    }
    await this.sync(mayBlock && !isLong);
    this.isDirty = false;
    try {
      this.mustBeThere();
    } catch (away) {
      // If the directory was moved and comes back, the refused batch must not be in it.
      this.isDirty = fstatSync(this.fd).size === this.allocated;
      if (this.isDirty) await this.takeBack();
      throw away;
    }
    this.offset += length;
    this.bytesWritten += length;
    this.chain = chain;
    this.lastIndex += entries.length;
    if (this.buffer.length > keptBuffer) this.buffer = Buffer.allocUnsafe(keptBuffer);
  }

  /** True when the disk has room again for more than a few records. Throws WalError when the log is lost. */
  async hasRoom(): Promise<boolean> {
    if (this.fault !== undefined) return false;
    const path = join(this.folder, 'probe.tmp');
    try {
      if (this.isDirty) await this.takeBack();
      if (this.isDirty) return false;
      const file = await open(path, 'w', 0o600);
      try {
        await file.writeFile(Buffer.alloc(minFreeBytes));
        await file.sync();
      } finally {
        await file.close();
        await rm(path, { force: true });
      }
      return true;
    } catch (error) {
      if (error instanceof WalError) throw error;
      return false;
    }
  }

  /** Deletes the segments that have nothing newer than an index. */
  async release(index: number): Promise<void> {
    const files = listSegments(this.folder);
    for (const [i, { path }] of files.entries()) {
      const next = files[i + 1];
      if (next === undefined || next.firstIndex > index + 1) return;
      await rm(path);
    }
  }

  /** Frees the space that was not used. */
  close(): void {
    // A file that another program has cut or extended is not changed: it may be evidence, or belong to that program.
    const isOurs = this.fault === undefined && this.isUntouched;
    if (!this.isDirty && isOurs) ftruncateSync(this.fd, this.offset);
    closeSync(this.fd);
  }

  /** Writes the first bytes of a buffer; returns how many were written. */
  private async write(from: Buffer, { length, at, isLong }: Stretch): Promise<number> {
    for (let done = 0; done < length;) {
      const left = length - done;
      done += isLong
        ? (await writeAt(this.fd, from, done, left, at + done)).bytesWritten
        : writeSync(this.fd, from, done, left, at + done);
    }
    return length;
  }

  /** On a quick disk, the way through the thread pool is a large part of a sync, so it is avoided when allowed. */
  private async sync(mayBlock: boolean): Promise<void> {
    const from = process.hrtime.bigint();
    try {
      if (mayBlock && this.quickSyncs > 0) fdatasyncSync(this.fd);
      else await syncData(this.fd);
    } catch (cause) {
      lose(cause);
    }
    const seconds = secondsSince(from);
    this.syncs.add(seconds);
    this.quickSyncs = seconds < quickSync ? this.quickSyncs + 1 : -syncsOfDoubt;
  }

  private layOut(entries: readonly Entry[]): { length: number; chain: number } {
    let length = 0;
    for (const { payload } of entries) length += recordBytes(payload.length);
    if (length > this.buffer.length) this.buffer = Buffer.allocUnsafe(Math.max(length, 2 * this.buffer.length));
    let { chain } = this;
    let at = 0;
    let index = this.lastIndex;
    for (const entry of entries) {
      chain = writeRecord(this.buffer, entry, { at, index: ++index, startsBatch: at === 0, chain });
      at += recordBytes(entry.payload.length);
    }
    return { length, chain };
  }

  /** Removes the bytes of a failed write, and unused space. Throws WalError when that cannot be ensured. */
  private async takeBack(): Promise<void> {
    try {
      await truncate(this.fd, this.offset);
      this.allocated = this.offset;
    } catch {
      return; // tried again before the next write
    }
    await syncAll(this.fd).catch(lose);
    this.isDirty = false;
  }

  /** Begins the next segment; the one before is complete on disk. */
  private async cut(): Promise<void> {
    await this.takeBack();
    const header = { seq: this.seq + 1, firstIndex: this.lastIndex + 1, clusterId: this.clusterId, chain: this.chain };
    const name = segmentName(header);
    const fd = await createSegment(this.folder, encodeSegmentHeader(header), name).catch((cause: unknown) => {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EMFILE' || code === 'ENFILE') return undefined;
      throw walError(cause);
    });
    // Too many open files: this segment grows until another file can be opened.
    if (fd === undefined) return;
    closeSync(this.fd);
    this.fd = fd;
    this.path = join(this.folder, name);
    this.inode = fstatSync(fd).ino;
    this.seq = header.seq;
    this.offset = segmentHeaderBytes;
    this.allocated = segmentHeaderBytes;
  }
}

/** Creates a segment with its header only; returns its descriptor. */
export async function createSegment(folder: string, header: Buffer, name: string): Promise<number> {
  const path = join(folder, name);
  // Opened first: once the name exists, nothing may fail because of a missing descriptor.
  const place = await open(folder, 'r');
  let fd: number | undefined;
  try {
    fd = openSync(`${path}.tmp`, 'w+', 0o600);
    await writeAt(fd, header, 0, header.length, 0);
    await syncAll(fd);
    await rename(`${path}.tmp`, path);
    await place.sync();
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    await rm(`${path}.tmp`, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await place.close();
  }
}

/** Makes new and removed names in a folder durable. */
export async function syncDirectory(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Deletes the files of unfinished writes in a folder. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
}

function walError(cause: unknown): WalError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const text = message.replace(/, [a-z]+( '.*)?$/s, '');
  if (code === 'EROFS' || code === 'ENOENT') return new WalError('away', text, { cause });
  return new WalError(code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'lost', text, { cause });
}

/** After a failed sync the system may have dropped the pages: whether they are on disk is unknown. */
function lose(cause: unknown): never {
  const { message } = cause as NodeJS.ErrnoException;
  throw new WalError('lost', message.replace(/, [a-z]+$/, ''), { cause });
}
