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

/** While someone has read so lately, no sync may hold up the next read. */
const readerMs = 1000;

/** A change that waits for its place on disk. */
export interface PendingChange {
  readonly request: Request;
  /** True where nobody has read for a while: then a sync may hold up everything else. */
  readonly isAlone: boolean;
  /** Called when the change is on disk, in the order of the log. */
  readonly commit: () => void;
  /** Called instead when it is not, with the reason in words. */
  readonly refuse: (reason: string) => void;
}

/** What makes changes last. */
export interface Durability {
  /** True while the disk takes nothing. */
  readonly isReadOnly: boolean;
  /** Takes a change in, and calls back once it is on disk, or refused. */
  add(pending: PendingChange): void;
}

/** The front door of the store: every change comes in as a Request, in order, and falls due by the clock. */
export class Keyspace {
  private readonly store: Store;
  private readonly wakers = new Set<() => void>();
  private lastRead = -Infinity;
  readonly stats: StoreStats;
  /** How many watches were asked for so far. */
  watches = 0;

  /** Without durability, the state lives and dies with the process. */
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

  /** How many requests were taken in, done or refused: what X-Raft-Index shows. */
  get requestIndex(): number {
    return this.state.requestIndex;
  }

  /** How often a server has started on this data, as X-Raft-Term shows it. */
  get term(): number {
    return this.state.term;
  }

  /** True while no change can be taken, because the disk takes none. */
  get isReadOnly(): boolean {
    return this.durability?.isReadOnly ?? false;
  }

  get watcherCount(): number {
    return this.store.watchers.size;
  }

  /** The oldest index whose event is still kept. */
  get oldestEvent(): number {
    return this.store.history.oldest;
  }

  /** The kept event of an index, or undefined. */
  eventAt(index: number): Event | undefined {
    return this.store.history.at(index);
  }

  /**
   * Makes a change last, carries it out and resolves to its events (one, but for a sync). Rejects with EtcdError, then
   * nothing changed: with code 300 where it could not be made to last.
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

  /** The node at a key, only to be looked at before anything else runs. Throws EtcdError. */
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

  /** The length of the value at a key, 0 where there is no file; nobody is counted as a reader. */
  lengthAt(path: string): number {
    return this.store.peek(path)?.value.length ?? 0;
  }

  /** See Store.watch. */
  watch(watcher: Watcher): void {
    this.lastRead = this.clock.now();
    this.watches++;
    this.store.watch(watcher);
  }

  /** Forgets a watcher; twice is fine. */
  unwatch(watcher: Watcher): void {
    this.store.watchers.remove(watcher);
  }

  /** Ends every watch, as a server does that stops. */
  endWatches(): void {
    this.store.watchers.endAll();
  }

  /** Calls bell after every change, until the returned function is called. */
  onChange(waker: () => void): () => void {
    this.wakers.add(waker);
    return () => this.wakers.delete(waker);
  }

  /** Expires what falls due, twice a second, until aborted. */
  async sweep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.clock.sleep(sweepMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const at = this.clock.now();
      const next = this.store.nextExpiry;
      if (next === undefined || next > at) continue;
      // A disk that takes nothing now may take it at the next look.
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
