import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from './storage.ts';
import { createMeta, makeFolder, readMeta, writeMeta, type Meta } from './data-directory.ts';
import { holderOf } from './lock.ts';
import { recover, snapFolder, walFolder, type Care, type Recovered } from './recovery.ts';
import { listSnapshots, readSnapshot, takeSnapshot, writeSnapshot } from './snapshot.ts';
import { DataError, reasonOf } from './wal/error.ts';
import { readLog } from './wal/log-reader.ts';
import { listSegments } from './wal/segment.ts';

/** The result of checking a data directory. */
export interface Finding {
  readonly meta: Meta;
  /** The index of the store, as in X-Etcd-Index. */
  readonly index: number;
  readonly nodes: number;
  readonly segments: number;
  readonly snapshots: number;
  /** The process that uses it, if any. */
  readonly holder: string | undefined;
  /** What the next start will repair or skip. */
  readonly notes: readonly string[];
}

/** A running server may be writing, or may delete a listed file: then everything is read again. */
const attempts = 5;
const pauseMs = 50;

/** Reads every file of a data directory and changes none. Throws DataError for the first damage. */
export async function checkDataDirectory(folder: string): Promise<Finding> {
  const meta = metaOf(folder);
  const holder = await holderOf(folder);
  return patiently(holder, () => {
    const segments = listSegments(walFolder(folder));
    const notes: string[] = [];
    const end = readLog(segments, { clusterId: meta.clusterId, take: () => undefined });
    if (end.tornBytes > 0 && holder === undefined) {
      notes.push(`${end.file.path}: offset ${end.offset}: ${end.torn}; the next start moves it out of the log`);
    }
    const snapshots = listSnapshots(snapFolder(folder));
    for (const file of snapshots) readSnapshot(file, meta.clusterId);
    const { state } = recover(folder, meta.clusterId, { badSnapshot });
    const counts = { segments: segments.length, snapshots: snapshots.length };
    return { meta, index: state.store.index, nodes: state.store.save().nodes.names.length, ...counts, holder, notes };
  });
}

/** Options of a copy. */
export interface CopySettings {
  readonly from: string;
  readonly to: string;
  /** The copy replaces the original; otherwise it gets new ids. */
  readonly keepIds: boolean;
  /** Copy only the data before the damage. */
  readonly truncate: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Copies a data directory, which may be in use, to a new one. Throws DataError; then there is no new one. */
export async function copyDataDirectory(settings: CopySettings): Promise<Finding> {
  const { from, to, keepIds, truncate, now } = settings;
  if (`${resolve(to)}/`.startsWith(`${resolve(from)}/`)) {
    throw new DataError('refused', `${to}: is inside ${from}; name a directory outside of it`);
  }
  const old = metaOf(from);
  const holder = await holderOf(from);
  const notes: string[] = [];
  const cut = (error: DataError) => void notes.push(`the copy ends before the damage: ${error.message}`);
  const care: Care = truncate
    ? {
        badSnapshot: (_, error) => {
          cut(error);
        },
        cutAtDamage: cut,
      }
    : { badSnapshot };
  const { state }: Recovered = await patiently(truncate ? undefined : holder, () => recover(from, old.clusterId, care));
  const meta = keepIds ? old : createMeta(old.name, now);
  const isNew = !existsSync(to);
  makeEmpty(to);
  try {
    const snapshot = takeSnapshot(state, meta.clusterId);
    await writeSnapshot(snapFolder(to), snapshot);
    await createLog(walFolder(to), meta.clusterId, state.requestIndex + 1);
    await writeMeta(to, meta);
    const nodes = snapshot.store.nodes.names.length;
    return { meta, index: state.store.index, nodes, segments: 1, snapshots: 1, holder, notes };
  } catch (error) {
    for (const name of readdirSync(to)) rmSync(`${to}/${name}`, { recursive: true });
    if (isNew) rmSync(to, { recursive: true });
    throw new DataError('refused', `${to}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

function badSnapshot(_: unknown, error: DataError): never {
  throw error;
}

function metaOf(folder: string): Meta {
  try {
    readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError('refused', `${folder}: ${code === 'ENOENT' ? 'no such directory' : reasonOf(error)}`);
  }
  const meta = readMeta(folder);
  if (meta === undefined) throw new DataError('refused', `${folder}: not a data directory of mini-etcd`);
  return meta;
}

function makeEmpty(folder: string): void {
  try {
    makeFolder(folder);
    if (readdirSync(folder).length === 0) {
      for (const one of [walFolder(folder), snapFolder(folder)]) mkdirSync(one, { mode: 0o700 });
      return;
    }
  } catch (error) {
    throw new DataError('refused', `${folder}: cannot be used: ${reasonOf(error)}`, { cause: error });
  }
  throw new DataError('refused', `${folder}: is not empty; name a new directory`);
}

async function patiently<T>(holder: string | undefined, look: () => T): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return look();
    } catch (error) {
      const isOurs = error instanceof DataError || (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (holder === undefined || left === 1 || !isOurs) throw error;
    }
    await pause(pauseMs);
  }
}
