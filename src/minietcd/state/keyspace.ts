import type { Clock } from '../../obs/clock.ts';
import { EtcdError } from './errors.ts';
import type { Request } from './request.ts';
import { State } from './state.ts';
import type { StoreStats } from './stats.ts';
import type { Event } from './event.ts';
import type { TreeNode } from './node.ts';
import type { Store } from './store.ts';
import type { Watcher } from './watcher-hub.ts';

const sweepMs = 500;

/** After a read, no sync may block the next read for this long. */
const readerMs = 1000;

/** A change that waits for the disk. */
export interface PendingChange {
  readonly request: Request;
  /** True when there was no read for a while: then a sync may block. */
  readonly isAlone: boolean;
  /** Called when the change is on disk, in the order of the log. */
  readonly commit: () => void;
  /** Called instead when it cannot be, with the reason. */
  readonly refuse: (reason: string) => void;
}

/** Makes changes durable. */
export interface Durability {
  /** True while the disk accepts no changes. */
  readonly isReadOnly: boolean;
  /** Takes a change, and calls back when it is on disk or refused. */
  add(pending: PendingChange): void;
}

/** The entry to the store: every change is a Request, in order; also expires nodes by the clock. */
export class Keyspace {
  private readonly store: Store;
  private readonly wakers = new Set<() => void>();
  private lastRead = -Infinity;
  readonly stats: StoreStats;
  /** How many watches there were so far. */
  watches = 0;

  /** Without durability, the state is in memory only. */
  constructor(
    readonly clock: Clock,
    private readonly state = new State(),
    private readonly durability?: Durability,
  ) {
    this.store = state.store;
    this.stats = state.stats;
  }

  /** The index of the newest change. */
  get index(): number {
    return this.store.index;
  }

  /** How many requests there were, applied or refused: the value of X-Raft-Index. */
  get requestIndex(): number {
    return this.state.requestIndex;
  }

  /** How often a server has started on this data: the value of X-Raft-Term. */
  get term(): number {
    return this.state.term;
  }

  /** True while the disk accepts no changes. */
  get isReadOnly(): boolean {
    return this.durability?.isReadOnly ?? false;
  }

  get watcherCount(): number {
    return this.store.watchers.size;
  }

  /** The oldest index whose event is available. */
  get oldestEvent(): number {
    return this.store.history.oldest;
  }

  /** The event of an index, or undefined. */
  eventAt(index: number): Event | undefined {
    return this.store.history.at(index);
  }

  /**
   * Makes a change durable, applies it and resolves to its events (one, except for a sync). Rejects with EtcdError, and
   * nothing is changed; code 300 when the change could not be made durable.
   */
  submit(request: Request): Promise<readonly Event[]> {
    return new Promise((resolve, reject) => {
      const commit = () => {
        try {
          resolve(this.carryOut(request));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const refuse = (reason: string) => {
        reject(new EtcdError(300, reason, this.index));
      };
      if (this.durability === undefined) commit();
      else this.durability.add({ request, isAlone: this.isAlone(), commit, refuse });
    });
  }

  /** The node at a key, only for reading before anything else runs. Throws EtcdError. */
  get(path: string): TreeNode {
    this.lastRead = this.clock.now();
    try {
      const node = this.store.find(path);
      this.stats.countGet(true);
      return node;
    } catch (error) {
      this.stats.countGet(false);
      throw error;
    }
  }

  /** The length of the value at a key, 0 when there is no file; does not count as a read. */
  lengthAt(path: string): number {
    return this.store.peek(path)?.value.length ?? 0;
  }

  /** See Store.watch. */
  watch(watcher: Watcher): void {
    this.lastRead = this.clock.now();
    this.watches++;
    this.store.watch(watcher);
  }

  /** Removes a watcher; may be called twice. */
  unwatch(watcher: Watcher): void {
    this.store.watchers.remove(watcher);
  }

  /** Ends every watch, when the server stops. */
  endWatches(): void {
    this.store.watchers.endAll();
  }

  /** Calls waker after every change, until the returned function is called. */
  onChange(waker: () => void): () => void {
    this.wakers.add(waker);
    return () => this.wakers.delete(waker);
  }

  /** Expires nodes twice a second, until aborted. */
  async sweep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.clock.sleep(sweepMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const at = this.clock.now();
      const next = this.store.nextExpiry;
      if (next === undefined || next > at) continue;
      // A disk that accepts no changes now may accept them at the next attempt.
      await this.submit({ action: 'sync', at }).catch(() => undefined);
    }
  }

  private isAlone(): boolean {
    return this.clock.now() - this.lastRead >= readerMs;
  }

  private carryOut(request: Request): readonly Event[] {
    const events = this.state.carryOut(request);
    if (events.length > 0) this.wake();
    return events;
  }

  private wake(): void {
    for (const waker of this.wakers) waker();
  }
}
