import type { Clock } from '../obs/clock.ts';
import { apply } from './apply.ts';
import type { Request } from './request.ts';
import { StoreStats } from './stats.ts';
import type { Event } from './store/event.ts';
import type { TreeNode } from './store/node.ts';
import { Store } from './store/store.ts';
import type { Watcher } from './store/watchers.ts';

const sweepMs = 500;

/** The front door of the store: every change comes in as a Request, in order, and falls due by the clock. */
export class Keyspace {
  private readonly store = new Store();
  private readonly bells = new Set<() => void>();
  private requests = 0;
  readonly stats = new StoreStats();

  constructor(readonly clock: Clock) {}

  /** The index of the newest change. */
  get index(): number {
    return this.store.index;
  }

  /** How many requests were taken in, done or refused: what X-Raft-Index shows. */
  get requestIndex(): number {
    return this.requests + 4;
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

  /** Carries out a change and resolves to its events (one, but for a sync); rejects with EtcdError, then nothing changed. */
  // eslint-disable-next-line @typescript-eslint/require-await
  async submit(request: Request): Promise<readonly Event[]> {
    this.requests++;
    try {
      const events = apply(this.store, request);
      if (request.action === 'sync') this.stats.countExpired(events.length);
      else this.stats.countChange(request.action, true);
      if (events.length > 0) this.ring();
      return events;
    } catch (error) {
      if (request.action !== 'sync') this.stats.countChange(request.action, false);
      throw error;
    }
  }

  /** The node at a key, only to be looked at before anything else runs. Throws EtcdError. */
  get(path: string): TreeNode {
    try {
      const node = this.store.find(path);
      this.stats.countGet(true);
      return node;
    } catch (error) {
      this.stats.countGet(false);
      throw error;
    }
  }

  /** See Store.watch. */
  watch(watcher: Watcher): void {
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
  onChange(bell: () => void): () => void {
    this.bells.add(bell);
    return () => this.bells.delete(bell);
  }

  /** Expires what falls due, twice a second, until aborted. */
  async sweep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.clock.sleep(sweepMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const at = this.clock.now();
      const next = this.store.nextExpiry;
      if (next !== undefined && next <= at) await this.submit({ action: 'sync', at });
    }
  }

  private ring(): void {
    for (const bell of this.bells) bell();
  }
}
