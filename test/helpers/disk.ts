import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage, type Storage, type StorageSettings } from '../../src/minietcd/storage/storage.ts';
import { Keyspace } from '../../src/minietcd/state/keyspace.ts';
import type { Request } from '../../src/minietcd/state/request.ts';
import type { Clock } from '../../src/obs/clock.ts';
import { FakeClock } from './fake-clock.ts';
import { memoryLog } from './memory-log.ts';

/** A new empty folder. */
export function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'mini-etcd-'));
}

/** A data directory in use, with the front door of its store. */
export interface Opened extends AsyncDisposable {
  readonly disk: Storage;
  readonly keyspace: Keyspace;
  readonly log: ReturnType<typeof memoryLog>;
  close(): Promise<void>;
}

/** Opens a data directory. */
export async function openData(
  folder: string,
  settings: Partial<StorageSettings> = {},
  clock: Clock = new FakeClock(),
): Promise<Opened> {
  const log = memoryLog();
  const disk = await openStorage({ folder, snapshotCount: 0, ...settings }, { clock, log });
  const close = () => disk.close();
  return { disk, keyspace: new Keyspace(clock, disk.state, disk), log, close, [Symbol.asyncDispose]: close };
}

/** A request that sets a key. */
export function set(path: string, value: string, expires?: number): Request & { readonly action: 'set' } {
  return { action: 'set', path, write: { value, dir: false, expires, refresh: false }, at: 0 };
}

/** Every key with its value and indexes, the index, the history and the counters: what must survive. */
export function picture({ keyspace, disk }: Opened): unknown {
  return { saved: disk.state.store.save(), stats: disk.state.stats.save(), index: keyspace.index };
}

/** The files of a kind in a data directory, oldest first. */
export function filesOf(folder: string, kind: 'wal' | 'snap'): string[] {
  return readdirSync(join(folder, kind))
    .filter((name) => name.endsWith(`.${kind}`))
    .sort()
    .map((name) => join(folder, kind, name));
}
