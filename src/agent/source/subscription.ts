import type { Backend, Change, Cursor } from '../../backend/contract/backend.ts';
import type { Clock } from '../../obs/clock.ts';
import { storeFailure, type RetryState } from './retry-state.ts';

/** What a feed works with. */
export interface SubscriptionDeps {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly retryState: RetryState;
  /** Called when there is something to take. */
  readonly notify: () => void;
}

/**
 * The standing watch on a store: it goes on collecting changes while the agent renders and reloads, so that none is
 * lost in between, and comes back to the place where it was after every failure.
 */
export class Subscription {
  private changes: Change[] = [];
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private readonly deps: SubscriptionDeps,
    private readonly keys: readonly string[],
    cursor: Cursor,
  ) {
    this.running = this.follow(cursor);
  }

  /** The changes since the last call, oldest first. */
  take(): readonly Change[] {
    const taken = this.changes;
    this.changes = [];
    return taken;
  }

  /** Ends the watch; settles when its connection is gone. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.running;
  }

  private async follow(start: Cursor): Promise<void> {
    const { backend, clock, retryState, notify } = this.deps;
    const { signal } = this.stopping;
    let cursor = start;
    const isStopping = () => signal.aborted;
    while (!isStopping()) {
      try {
        for await (const change of backend.watch(this.keys, cursor, signal)) {
          retryState.over();
          cursor = change.cursor;
          if (change.edits.length === 0) continue; // only a sign of life
          this.changes.push(change);
          notify();
        }
      } catch (error) {
        if (isStopping()) return;
        await clock.sleep(retryState.failed(storeFailure(error)), signal).catch(() => undefined);
      }
    }
  }
}
