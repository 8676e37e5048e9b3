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

/** A longer segment is finished, and another begun. */
const maxSegmentBytes = 32 * 1024 * 1024;

/** The buffer that batches are laid out in is kept up to this size. */
const keptBuffer = 1024 * 1024;

/** Less room than this on the disk is none: a few small writes would fill it up again at once. */
const minFreeBytes = 1024 * 1024;

/** A longer write is made in another thread, for the system copies all of it. */
const longWrite = 256 * 1024;

/** In seconds: of a longer sync, the way through the thread pool is no part worth sparing. */
const quickSync = 0.001;

/** So many quick syncs it takes to trust a disk again. */
const syncsOfDoubt = 50;

/**
 * A segment grows by so many zeros at a time. A sync is much quicker, and waits for nobody else's, where the file system
 * need not note a new length.
 */
const growth = Buffer.alloc(1024 * 1024);

/** A log that could not take a batch; nothing of the batch counts. */
export class WalError extends Error {
  override readonly name = 'WalError';
  constructor(
    /**
     * full: there is no room. away: the file is not there as it was left, or cannot be written; both may pass. lost: what
     * is on disk is not known any more.
     */
    readonly code: 'full' | 'away' | 'lost',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where bytes go in a segment. */
interface Stretch {
  readonly length: number;
  readonly at: number;
  readonly isLong: boolean;
}

/** The end of a log, open for more: one batch at a time. It knows nothing of what its records mean. */
export class Wal {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private seq: number;
  private fd: number;
  private path: string;
  /** Which file it is, whatever it is called. */
  private inode: number;
  private offset: number;
  private chain: number;
  /** How many syncs in a row were quick; below zero after a slow one. */
  private quickSyncs = 0;
  /** The length of the file: zeros follow the last record. */
  private allocated: number;
  private isDirty = false;
  /** How much this process has added to the log. */
  bytesWritten = 0;
  /** How long the syncs took, with etcd's bounds: a millisecond to eight seconds. */
  readonly syncs = new Histogram(doublings(0.001, 14));
  /** The index of the newest record that is on disk. */
  lastIndex: number;

  /** Goes on where a log ends; a torn tail must have been repaired. */
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
   * What has become of the newest segment, in words; undefined while it is where it was and as it was left. Someone may
   * remove or move the directory, put another in its place, or cut the file: nothing that is written then would be found.
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

  /** False where someone else has written behind the last record. */
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
   * Puts a batch on disk with one sync; its records get the next indexes. Where it may block, everything else in this
   * process waits for a disk that has been quick. Throws WalError, then none of it counts.
   */
  async append(entries: readonly Entry[], mayBlock = false): Promise<void> {
    const { length, chain } = this.layOut(entries);
    // Where the file is made longer or shorter, that would hide what someone has cut off; all else is seen after the sync.
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
      // Were the directory moved and found again, what is refused now must not be in it.
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

  /** Deletes the segments that hold nothing newer than an index. */
  async release(index: number): Promise<void> {
    const files = listSegments(this.folder);
    for (const [i, { path }] of files.entries()) {
      const next = files[i + 1];
      if (next === undefined || next.firstIndex > index + 1) return;
      await rm(path);
    }
  }

  /** Gives back the room that was not used. */
  close(): void {
    // A file that someone else has cut or gone on with is left alone: it is evidence, or theirs by now.
    const isOurs = this.fault === undefined && this.isUntouched;
    if (!this.isDirty && isOurs) ftruncateSync(this.fd, this.offset);
    closeSync(this.fd);
  }

  /** Writes all of the first bytes of a buffer; how many that were. */
  private async write(from: Buffer, { length, at, isLong }: Stretch): Promise<number> {
    for (let done = 0; done < length;) {
      const left = length - done;
      done += isLong
        ? (await writeAt(this.fd, from, done, left, at + done)).bytesWritten
        : writeSync(this.fd, from, done, left, at + done);
    }
    return length;
  }

  /** On a quick disk the way through another thread is a good part of a sync, so it is spared where that is allowed. */
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

  /** Takes away what a failed write left, and room that was not used. Throws WalError when that cannot be made sure of. */
  private async takeBack(): Promise<void> {
    try {
      await truncate(this.fd, this.offset);
      this.allocated = this.offset;
    } catch {
      return; // tried again before anything else is written
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
    // Too many files are open: this segment grows on until one more can be.
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

/** Creates a segment that holds its header only; the descriptor that it is open with. */
export async function createSegment(folder: string, header: Buffer, name: string): Promise<number> {
  const path = join(folder, name);
  // Opened first: once the name is there, nothing may fail for want of a descriptor.
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

/** Makes names that came or went in a folder last. */
export async function syncDirectory(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Deletes what unfinished writes left in a folder. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
}

function walError(cause: unknown): WalError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const text = message.replace(/, [a-z]+( '.*)?$/s, '');
  if (code === 'EROFS' || code === 'ENOENT') return new WalError('away', text, { cause });
  return new WalError(code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'lost', text, { cause });
}

/** After a failed sync the system may have dropped the pages: whether they are on disk cannot be found out. */
function lose(cause: unknown): never {
  const { message } = cause as NodeJS.ErrnoException;
  throw new WalError('lost', message.replace(/, [a-z]+$/, ''), { cause });
}
