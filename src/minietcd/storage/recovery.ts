import { join } from 'node:path';
import { decodeRequest } from './codec.ts';
import { EtcdError } from '../state/errors.ts';
import { requestRecord, startRecord } from './journal.ts';
import { listSnapshots, readSnapshot, type SnapshotFile } from './snapshot.ts';
import { firstRequestIndex, State } from '../state/state.ts';
import { DataError } from './wal/error.ts';
import type { LogRecord } from './wal/record.ts';
import { readLog, type LogEnd } from './wal/log-reader.ts';
import { listSegments, newerError } from './wal/segment.ts';

/** What recovery does about damage; it changes no file itself. */
export interface Care {
  /** Called for every snapshot that cannot be used; an older one is tried next. */
  readonly badSnapshot: (file: SnapshotFile, error: DataError) => void;
  /** Ends a damaged log at the damage instead of throwing; called with the damage. */
  readonly cutAtDamage?: (error: DataError) => void;
}

/** The content of a data directory. */
export interface Recovered {
  readonly state: State;
  readonly end: LogEnd;
  /** The request index of the snapshot that was used; 0 for none. */
  readonly snapshotIndex: number;
}

/** The folder of the log in a data directory. */
export function walFolder(folder: string): string {
  return join(folder, 'wal');
}

/** The folder of the snapshots in a data directory. */
export function snapFolder(folder: string): string {
  return join(folder, 'snap');
}

/** Reads the newest good snapshot and the log after it. Throws DataError when that does not give the whole state. */
export function recover(folder: string, clusterId: string, care: Care): Recovered {
  const segments = listSegments(walFolder(folder));
  const loaded = newestSnapshot(snapFolder(folder), clusterId, care);
  const state = loaded ?? new State();
  const snapshotIndex = loaded?.requestIndex ?? 0;
  const from = segments.findLastIndex(({ firstIndex }) => firstIndex <= state.requestIndex + 1);
  if (from < 0) {
    const before =
      loaded === undefined ? 'there is no snapshot that can be read' : `the newest good snapshot ends before`;
    const log = segments[0] === undefined ? 'there is no log' : `the log begins with record ${segments[0].firstIndex}`;
    throw new DataError('damaged', `${folder}: ${log}, and ${before} record ${state.requestIndex + 1}`);
  }
  const take = (frame: LogRecord) => {
    if (frame.index > state.requestIndex) replay(state, frame, folder);
  };
  const end = readLog(segments.slice(from), { clusterId, take, ...care });
  if (end.lastIndex < state.requestIndex && care.cutAtDamage === undefined) {
    const lost = `${end.file.path}: the log ends with record ${end.lastIndex}, before the snapshot of`;
    throw new DataError('damaged', `${lost} record ${state.requestIndex}: its end is lost`);
  }
  return { state, end, snapshotIndex };
}

function newestSnapshot(folder: string, clusterId: string, care: Care): State | undefined {
  for (const file of listSnapshots(folder)) {
    try {
      return readSnapshot(file, clusterId);
    } catch (error) {
      if (!(error instanceof DataError) || error.code !== 'damaged') throw error;
      care.badSnapshot(file, error);
    }
  }
  return undefined;
}

function replay(state: State, { type, payload, index }: LogRecord, folder: string): void {
  if (type === startRecord) {
    state.countStart();
    return;
  }
  if (type !== requestRecord) throw newerError(walFolder(folder));
  try {
    state.carryOut(decodeRequest(payload as Buffer));
  } catch (error) {
    if (error instanceof EtcdError) return; // refused at that time, too
    throw new DataError('damaged', `${walFolder(folder)}: record ${index} cannot be read`, { cause: error });
  }
}

/** The index of the first record of a new log. */
export const firstRecord = firstRequestIndex;
