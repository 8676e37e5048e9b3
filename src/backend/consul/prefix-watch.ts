import type { Clock } from '../../obs/clock.ts';
import { BackendError, type Edit } from '../contract/backend.ts';
import { jitterMs } from '../contract/backoff.ts';
import type { DecodedEvent } from '../contract/change-buffer.ts';
import type { ChangeSearch, Changes } from './change-search.ts';
import type { Found, KvApi } from './kv-api.ts';

/** How the waits at a store have fared, from one watch to the next. */
export interface WaitHealth {
  /** Waits in a row that broke. */
  breaks: number;
  /** For how long a node is asked to wait: less where something on the way ends silent connections. */
  waitMs: number;
}

/** What a watch works with. */
export interface PrefixWatchDeps {
  readonly kv: KvApi;
  readonly clock: Clock;
  readonly health: WaitHealth;
}

const minWaitMs = 5000;
/** From one search to the next: a store that is written to without a pause costs no more than this. */
const paceMs = 100;
/** The same while searches find nothing, as when a prefix without keys is woken by every write to the store. */
const maxPaceMs = 1000;

/** A blocking query on one prefix, again and again. */
export class PrefixWatch {
  private paceMs = paceMs;

  constructor(
    private readonly prefix: string,
    /** Where the prefix was when it was read. */
    private index: number,
    private readonly search: ChangeSearch,
    private readonly deps: PrefixWatchDeps,
  ) {}

  /** Tells what it finds, until it is a resync, the store is out of reach (BackendError) or the signal fires. */
  async follow(put: (event: DecodedEvent) => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    for (;;) {
      const from = clock.now();
      const next = await this.next(signal);
      if (next?.index === this.index) continue;
      const changes = next === null ? null : await this.search.run(next.found, signal);
      if (next === null || changes === null) {
        // The others who follow this store lost it, too, and will read everything.
        await clock.sleep(jitterMs(), signal);
        put({ index: BigInt(this.index), edits: 'resync' });
        return;
      }
      this.index = next.index;
      put({ index: BigInt(next.index), edits: editsOf(changes) });
      this.paceMs = changes.size > 0 ? paceMs : Math.min(maxPaceMs, this.paceMs * 2);
      const rest = from + this.paceMs - clock.now();
      if (rest > 0) await clock.sleep(rest, signal);
    }
  }

  /** The next answer of a wait; null where everything has to be read anew. */
  private async next(signal: AbortSignal): Promise<Found<readonly string[]> | null> {
    const { kv, clock, health } = this.deps;
    const { waitMs } = health;
    const from = clock.now();
    let next: Found<readonly string[]>;
    try {
      next = await kv.nextNames(this.prefix, { index: this.index, waitMs }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BackendError) || error.code !== 'unreachable') throw error;
      return this.broken(error, clock.now() - from);
    }
    health.breaks = 0;
    // Set back; or let go before its time without a change, as a store does that is restored from a backup.
    const isEarly = next.index === this.index && clock.now() - from < waitMs / 2;
    return next.index < this.index || next.index < 1 || isEarly ? null : next;
  }

  /** A store that comes back may be another one: it is read again. Where that happens again and again, it is an error. */
  private broken(error: BackendError, afterMs: number): null {
    const { health } = this.deps;
    if (afterMs > 2 * minWaitMs) health.waitMs = Math.max(minWaitMs, health.waitMs / 2);
    health.breaks += 1;
    if (health.breaks > 1) throw error;
    return null;
  }
}

function editsOf(changes: Changes): Edit[] {
  return [...changes].map(([key, entry]) =>
    entry === null ? { key: `/${key}`, value: null, alone: true } : { key: `/${key}`, value: entry.value },
  );
}
