import {
  type Backend,
  BackendError,
  type Cursor,
  type Edits,
  firstOf,
  type Replace,
  type Resync,
  resync,
  type SessionItem,
  type Snapshot,
} from '../../backend/contract/backend.ts';
import type { Clock } from '../../obs/clock.ts';
import { storeFailure, type RetryState } from './retry-state.ts';

/** What a subscription needs. */
export interface SubscriptionDeps {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly retryState: RetryState;
  /** Called when there is something to take, and when the validity of the content has changed. */
  readonly notify: (reason: 'change' | 'look') => void;
}

/** What can happen after a snapshot. */
export type Update = Edits | Replace | Resync;

/** A store is not read more often than this, whatever its validity says. */
const minValidMs = 1000;

/**
 * A session with a store: a snapshot, then a watch that collects changes while the agent renders and reloads, so that
 * none is lost. After a failure the watch continues from its cursor.
 */
export class Subscription {
  /** When the content must be read again, on the clock. */
  validUntil = Infinity;
  private updates: Update[] = [];
  private cursor: Cursor = new Map();
  private readonly stopping = new AbortController();
  private readonly session: AsyncIterator<SessionItem>;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: SubscriptionDeps,
    readonly keys: readonly string[],
  ) {
    this.session = deps.backend.open(keys, this.stopping.signal);
  }

  /** The snapshot of the session; call it once. Throws BackendError. */
  async snapshot(): Promise<Snapshot> {
    const snapshot = await firstOf(this.session, this.deps.backend.name);
    this.note(snapshot);
    return snapshot;
  }

  /** Follows changes until it is stopped, or until a resync. */
  follow(): void {
    this.running = this.run();
  }

  /** The updates since the last call, oldest first. */
  take(): readonly Update[] {
    const taken = this.updates;
    this.updates = [];
    return taken;
  }

  /** Ends the session; settles when its connection is closed. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.running;
    await this.session.return?.();
  }

  private async run(): Promise<void> {
    const { backend, clock, retryState } = this.deps;
    const { signal } = this.stopping;
    const isStopping = () => signal.aborted;
    let session = this.session;
    let isLost = false;
    while (!isStopping()) {
      try {
        for (let next = await session.next(); next.done !== true; next = await session.next()) {
          retryState.over();
          isLost ||= this.keep(next.value);
        }
        if (isLost) return;
        throw new BackendError('protocol', `${backend.name}: a session ended without a reason`);
      } catch (error) {
        if (isStopping()) return;
        await clock.sleep(retryState.failed(storeFailure(error)), signal).catch(() => undefined);
        if (isLost) return;
        session = backend.open(this.keys, signal, this.cursor);
      }
    }
  }

  /** Keeps an item of the session; true when later items are of no use. */
  private keep(item: SessionItem): boolean {
    const { notify } = this.deps;
    // An unexpected snapshot may lack updates that came before it.
    const update = item.kind === 'snapshot' ? resync : item;
    if (update.kind !== 'resync') {
      this.note(update);
      if (update.validMs !== undefined) notify('look');
      if (update.kind === 'edits' && update.edits.length === 0) return false; // only a sign of life
    }
    this.updates.push(update);
    notify('change');
    return update.kind === 'resync';
  }

  private note({ cursor, validMs }: Exclude<SessionItem, Resync>): void {
    this.cursor = cursor;
    if (validMs !== undefined) this.validUntil = this.deps.clock.now() + Math.max(validMs, minValidMs);
  }
}
