import { closeSync, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../obs/log.ts';
import {
  createMeta,
  makeFolder,
  makeFolders,
  readMeta,
  unusableError,
  writeMeta,
  type Meta,
} from './data-directory.ts';
import { doublings, Histogram, secondsSince } from '../../obs/histogram.ts';
import { Journal, startRecord, type JournalDeps } from './journal.ts';
import { FolderLock } from './lock.ts';
import { firstRecord, recover, snapFolder, walFolder, type Recovered } from './recovery.ts';
import { listSnapshots, snapshotPath, takeSnapshot, writeSnapshot } from './snapshot.ts';
import type { PendingChange } from '../state/keyspace.ts';
import type { State } from '../state/state.ts';
import { DataError, reasonOf } from './wal/error.ts';
import { repairTail } from './wal/repair.ts';
import type { LogEnd } from './wal/log-reader.ts';
import { encodeSegmentHeader, segmentName } from './wal/segment.ts';
import { createSegment, sweepTemporary, Wal, WalError } from './wal/wal.ts';

/** How a data directory is used. */
export interface StorageSettings {
  readonly folder: string;
  /** A new name; without it the directory keeps its name, and a new one is named 'default'. */
  readonly name?: string;
  /** Changes between two snapshots; 0: no snapshots. */
  readonly snapshotCount: number;
  /** For tests: the size of a log segment. */
  readonly segmentBytes?: number;
}

/** The statistics of a data directory in this process. */
export interface StorageFigures {
  /** The durations of the log's syncs, and of writing snapshots. */
  readonly syncs: Histogram;
  readonly snapshots: Histogram;
  readonly bytesWritten: number;
  /** Changes that wait for the disk, and changes that were refused. */
  readonly pending: number;
  readonly refused: number;
}

/** How often the directory is checked. */
const lookMs = 2000;

/** How many snapshots are kept, with the log from the oldest one on. */
const maxSnapshots = 5;

/** An open data directory: its content, and the journal of changes. */
export class Storage {
  /** Ends the wait for disk space, and a snapshot that is being written. */
  private readonly stopping = new AbortController();
  private readonly journal: Journal;
  private readonly snapshots = new Histogram(doublings(0.001, 14));
  private saving: Promise<void> | undefined;
  private savedIndex: number;
  /** The request index of the newest snapshot on disk; 0 for none. */
  private keptIndex: number;
  private savedBytes = 0;
  private bytes = 0;

  constructor(
    readonly meta: Meta,
    private readonly wal: Wal,
    private readonly settings: StorageSettings,
    private readonly kept: Recovered & JournalDeps & { readonly lock: FolderLock },
  ) {
    this.savedIndex = kept.snapshotIndex;
    this.keptIndex = kept.snapshotIndex;
    this.journal = new Journal(wal, kept.lock, kept, this.stopping.signal);
    void this.watch();
  }

  get state(): State {
    return this.kept.state;
  }

  /** Resolves when the disk cannot be trusted any more: the process should end. */
  get lost(): Promise<Error> {
    return this.journal.lost;
  }

  get isReadOnly(): boolean {
    return this.journal.isReadOnly;
  }

  get figures(): StorageFigures {
    const { snapshots, journal, wal } = this;
    const { pending, refused } = journal;
    return { syncs: wal.syncs, snapshots, bytesWritten: wal.bytesWritten, pending, refused };
  }

  /** See Journal.add. */
  add(pending: PendingChange): void {
    this.journal.add(pending);
    this.considerSnapshot();
  }

  /** Finishes the current batches and closes the directory; may be called twice. */
  async close(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort(new Error('the server is stopping'));
    await this.journal.close();
    await this.saving;
    await this.kept.lock.release();
  }

  /** Checks the directory until closed, and writes files again that are in memory. */
  private async watch(): Promise<void> {
    const { clock } = this.kept;
    for (;;) {
      await clock.sleep(lookMs, this.stopping.signal).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      this.journal.look();
      if (!this.isReadOnly) await this.mend();
    }
  }

  /** Without META or its newest snapshot the directory could not be opened again, although all data is in memory. */
  private async mend(): Promise<void> {
    const { folder } = this.settings;
    const { log } = this.kept;
    try {
      if (!existsSync(join(folder, 'META'))) {
        await writeMeta(folder, this.meta);
        log.warning(`${join(folder, 'META')}: was removed, and is written again`);
      }
      const snapshot = snapshotPath(snapFolder(folder), this.keptIndex);
      if (this.keptIndex === 0 || this.saving !== undefined || existsSync(snapshot)) return;
      log.warning(`${snapshot}: was removed; a new snapshot is taken`);
      this.keptIndex = 0; // reported once
      makeFolder(snapFolder(folder));
      await (this.saving = this.save().finally(() => (this.saving = undefined)));
    } catch (error) {
      log.warning(`data directory ${folder}: ${reasonOf(error)}`);
    }
  }

  /** A large store is saved less often, so that the disk has more time for the log. */
  private considerSnapshot(): void {
    const { snapshotCount } = this.settings;
    if (snapshotCount === 0 || this.saving !== undefined || this.isReadOnly) return;
    if (this.state.requestIndex - this.savedIndex < snapshotCount) return;
    if (this.wal.bytesWritten - this.bytes < this.savedBytes / 2) return;
    this.saving = this.save().finally(() => (this.saving = undefined));
  }

  private async save(): Promise<void> {
    const folder = snapFolder(this.settings.folder);
    const snapshot = takeSnapshot(this.state, this.meta.clusterId);
    this.savedIndex = snapshot.requestIndex;
    this.bytes = this.wal.bytesWritten;
    const from = process.hrtime.bigint();
    try {
      this.savedBytes = await writeSnapshot(folder, snapshot, this.stopping.signal);
      this.snapshots.add(secondsSince(from));
      this.keptIndex = snapshot.requestIndex;
      const files = listSnapshots(folder);
      for (const { path } of files.slice(maxSnapshots)) await rm(path);
      await this.wal.release(files.slice(0, maxSnapshots).at(-1)!.index);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.kept.log.warning(`snapshot not written, the log is kept instead: ${reasonOf(error)}`);
    }
  }
}

/**
 * Opens a data directory and creates it if it is missing: locks it, reads it, repairs an unfinished write at the end of
 * the log. Throws DataError with the reason and what to do.
 */
export async function openStorage(settings: StorageSettings, deps: JournalDeps): Promise<Storage> {
  const { folder } = settings;
  makeFolders(folder);
  const started = new Date(deps.clock.now()).toISOString();
  const lock = await FolderLock.take(folder, `pid ${process.pid} (started ${started})`);
  try {
    return await openLocked(settings, { ...deps, lock });
  } catch (error) {
    await lock.release();
    if (error instanceof DataError) throw error.code === 'damaged' ? withAdvice(error, folder) : error;
    throw unusableError(folder, error instanceof WalError ? error.cause : error);
  }
}

async function openLocked(
  settings: StorageSettings,
  deps: JournalDeps & { readonly lock: FolderLock },
): Promise<Storage> {
  const { folder, name } = settings;
  const { clock, log } = deps;
  const old = readMeta(folder);
  const meta = old === undefined ? createMeta(name ?? 'default', clock.now()) : { ...old, name: name ?? old.name };
  // The log first: a log without records and without META counts as none.
  if (old === undefined) await createLog(walFolder(folder), meta.clusterId, firstRecord);
  const bad: string[] = [];
  const recovered = recover(folder, meta.clusterId, {
    badSnapshot: ({ path }, error) => {
      log.warning(`${error.message}; an older snapshot is tried, and this one is kept as ${path}.broken`);
      bad.push(path);
    },
  });
  // Nothing is changed before everything was read: it may be of a newer version.
  for (const one of [folder, walFolder(folder), snapFolder(folder)]) await sweepTemporary(one);
  if (old?.name !== meta.name) await writeMeta(folder, meta);
  for (const path of bad) await rename(path, `${path}.broken`);
  const end = await repaired(recovered.end, log);
  const wal = new Wal(walFolder(folder), meta.clusterId, end, settings.segmentBytes);
  if (old !== undefined) {
    await wal.append([{ type: startRecord, payload: new Uint8Array(0) }]);
    recovered.state.countStart();
  }
  return new Storage(meta, wal, settings, { ...recovered, ...deps });
}

async function repaired(end: LogEnd, log: Logger): Promise<LogEnd> {
  if (end.tornBytes === 0) return end;
  const repair = await repairTail(end);
  const where = `${end.file.path}: offset ${end.offset}`;
  log.warning(`${where}: ${end.torn}; moved to ${repair.kept}; the last good record has index ${end.lastIndex}`);
  return repair.end;
}

/** Creates a log whose first record will have this index. */
export async function createLog(folder: string, clusterId: string, firstIndex: number): Promise<void> {
  const header = { seq: 1, firstIndex, clusterId, chain: 0 };
  closeSync(await createSegment(folder, encodeSegmentHeader(header), segmentName(header)));
}

function withAdvice(error: DataError, folder: string): DataError {
  const save = `mini-etcd backup -truncate-at-corruption -data-dir ${folder} -backup-dir <new folder>`;
  const advice = `nothing was changed; "mini-etcd check -data-dir ${folder}" checks all of it, and "${save}" saves everything before the damage`;
  return new DataError('damaged', `${error.message}; ${advice}`, { cause: error });
}
