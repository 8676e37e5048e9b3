import { type Backend, type Edit, readSnapshot, type Snapshot } from '../../backend/contract/backend.ts';
import type { ChangeSet } from '../../mirror/keys.ts';
import { Mirror, type Replacement } from '../../mirror/mirror.ts';
import type { View } from '../../mirror/view.ts';
import type { Clock } from '../../obs/clock.ts';
import { labelled, type Logger } from '../../obs/log.ts';
import { EmptyReadGuard, type RequestedKeys } from './empty-read-guard.ts';
import { Subscription } from './subscription.ts';
import { storeFailure, RetryState } from './retry-state.ts';

/** What a source needs. */
export interface SourceDeps {
  /** What messages call the store; '' for the global one. */
  readonly label: string;
  /** Opens the store; the source closes it. Throws BackendError. */
  readonly open: () => Promise<Backend>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when there are changes to take, when the store has been read again, and when a refresh has ended. */
  readonly notify: (reason: 'change' | 'read' | 'look') => void;
}

/** Why a read of a store is due; `change` is a change that needs a full read. */
export type ReadReason = 'start' | 'timer' | 'change' | 'edit' | 'hangup';

/** How a daemon reads its stores. */
export interface RefreshOptions {
  /** From one read to the next. */
  readonly intervalMs: number;
  /** Whether changes are followed between the reads. */
  readonly isWatching: boolean;
}

/** The store, once it is open. */
interface Store {
  readonly backend: Backend;
  readonly guard: EmptyReadGuard;
}

const noChanges: ChangeSet = new Map();

/**
 * One store of the agent: the keys that the resources select in it, the mirror of these keys, the subscription, and the
 * time of the next read.
 */
export class Source {
  readonly mirror = new Mirror();
  private store: Store | null = null;
  private refreshAt = -Infinity;
  /** Why the next read is due. */
  private reason: ReadReason | null = null;
  private refreshing: Promise<void> | null = null;
  private requests: readonly RequestedKeys[] = [];
  private keys: readonly string[] = [];
  /** The keys of the last read; null before the first. */
  private held: ReadonlySet<string> | null = null;
  /** The session whose snapshot is in the mirror, followed or not. */
  private subscription: Subscription | null = null;
  /** The session whose snapshot is awaited. */
  private opening: Subscription | null = null;
  /** Changes were lost: later changes are of no use until a read succeeds. */
  private isBehind = false;
  /** Why the store was read again, until takeRead; null when it was not. */
  private fresh: ReadReason | null = null;
  private readonly retryState: RetryState;
  /** It has been logged that the store cannot be watched. */
  private isPolled = false;
  private readonly stopping = new AbortController();
  private readonly log: Logger;

  constructor(private readonly deps: SourceDeps) {
    this.log = labelled(deps.log, deps.label);
    this.retryState = new RetryState(deps.clock, this.log);
  }

  get label(): string {
    return this.deps.label;
  }

  /** The names that these keys select, without the prefix; only for keys that the source holds. */
  view(prefix: string, keys: readonly string[]): View {
    return this.mirror.view(prefix, keys, this.store?.backend.selects ?? 'subtree');
  }

  /** True when the mirror holds these keys, as of the last read and the changes after it. */
  holds(keys: readonly string[]): boolean {
    const { held } = this;
    return held !== null && keys.every((key) => held.has(key));
  }

  /** When the store is due to be read, on the clock; Infinity during a read. */
  get nextRefresh(): number {
    if (this.refreshing !== null) return Infinity;
    return Math.min(this.refreshAt, this.subscription?.validUntil ?? Infinity);
  }

  /** Sets the keys that the resources select; if they differ from before, a read is due at once. */
  request(requests: readonly RequestedKeys[], reason: ReadReason = 'start'): void {
    const before = this.keys;
    this.requests = requests;
    this.reason ??= reason;
    this.keys = [...new Set(requests.flatMap(({ keys }) => keys))].sort();
    if (this.keys.join('\0') !== before.join('\0')) this.refreshSoon(reason);
  }

  /** Reads the store once. The mirror is unchanged when that fails (BackendError). */
  async read(signal: AbortSignal): Promise<void> {
    const { keys, requests } = this;
    if (keys.length === 0) this.hold(keys, new Map());
    else this.believe(keys, requests, await readSnapshot((await this.opened()).backend, keys, signal));
  }

  /** False when the store seems to have lost its data: the mirror is kept, and a second read decides. */
  private believe(keys: readonly string[], requests: readonly RequestedKeys[], snapshot: Snapshot): boolean {
    if (!this.store!.guard.believes(snapshot, this.mirror, requests)) return false;
    this.hold(keys, snapshot.pairs);
    return true;
  }

  private hold(keys: readonly string[], pairs: Map<string, string>): void {
    this.isBehind = false;
    this.held = new Set(keys);
    this.mirror.replace({ pairs });
  }

  private async opened(): Promise<Store> {
    if (this.store === null) {
      const { open, label, log } = this.deps;
      const backend = await open();
      const { name, selects } = backend;
      this.store = { backend, guard: new EmptyReadGuard({ name: label === '' ? name : label, selects }, log) };
    }
    return this.store;
  }

  /** Makes a read due: at once, or after the current read. */
  refreshSoon(reason: ReadReason = 'timer'): void {
    this.reason = reason;
    this.refreshAt = this.deps.clock.now();
  }

  /** Starts a read in the background if one is due, and sets the time of the next one. */
  refresh(refresh: RefreshOptions): void {
    if (this.nextRefresh > this.deps.clock.now()) return;
    this.refreshAt = Infinity;
    // The end of this read sets the time of the next one.
    if (this.subscription !== null) this.subscription.validUntil = Infinity;
    this.refreshing = this.readAndFollow(refresh).finally(() => {
      this.refreshing = null;
      this.deps.notify('look');
    });
  }

  private async readAndFollow(refresh: RefreshOptions): Promise<void> {
    const reason = this.takeReason();
    let wait = refresh.intervalMs;
    let isBelieved = false;
    try {
      isBelieved = await this.begin();
      this.retryState.over();
      if (isBelieved) {
        this.fresh = reason;
        this.deps.notify('read');
        wait = await this.follow(refresh);
      } else wait = this.store!.guard.waitMs;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      wait = this.retryState.failed(storeFailure(error));
    } finally {
      await this.opening?.stop();
      this.opening = null;
    }
    // Keeps the reason for the next attempt.
    if (!isBelieved && this.reason === 'timer') this.reason = reason;
    this.refreshAt = Math.min(this.refreshAt, this.deps.clock.now() + wait);
  }

  private takeReason(): ReadReason {
    const reason = this.reason ?? 'start';
    this.reason = 'timer';
    return reason;
  }

  /**
   * Opens a session and takes its snapshot; no session when no keys are selected. False when the snapshot is not
   * believed.
   */
  private async begin(): Promise<boolean> {
    const { keys, requests, retryState } = this;
    if (keys.length === 0) {
      this.hold(keys, new Map());
      return true;
    }
    const { backend } = await this.opened();
    this.stopping.signal.throwIfAborted();
    const { clock, notify } = this.deps;
    this.opening = new Subscription({ backend, clock, retryState, notify }, keys);
    return this.believe(keys, requests, await this.opening.snapshot());
  }

  /** Replaces the old session by the new one; returns after how many ms the store is to be read again. */
  private async follow({ intervalMs, isWatching }: RefreshOptions): Promise<number> {
    await this.subscription?.stop();
    const session = (this.subscription = this.opening);
    this.opening = null;
    if (session === null || this.stopping.signal.aborted) return intervalMs;
    const { name, canWatch, mints = false } = this.store!.backend;
    if (isWatching && canWatch) session.follow();
    else await session.stop();
    if (isWatching && !canWatch) this.warnPolling(name, intervalMs);
    return mints && session.validUntil < Infinity ? Infinity : intervalMs;
  }

  private warnPolling(name: string, intervalMs: number): void {
    if (this.isPolled) return;
    this.isPolled = true;
    this.log.warning(`Watch is not supported for backend ${name}: polling every ${intervalMs / 1000} s`);
  }

  /** Why the store was read again since the last call; null when it was not. */
  takeRead(): ReadReason | null {
    const { fresh } = this;
    this.fresh = null;
    return fresh;
  }

  /**
   * Applies the changes that have arrived to the mirror; a change that needs a full read makes one due. Takes nothing
   * during a read, which may be older than the changes, and nothing after changes were lost.
   */
  takeChanges(): ChangeSet {
    if (this.refreshing !== null || this.isBehind || this.store?.guard.isOpen === true) return noChanges;
    const changes: (Edit | Replacement)[] = [];
    for (const update of this.subscription?.take() ?? []) {
      if (update.kind === 'resync') {
        this.isBehind = true;
        this.refreshSoon('change');
        return noChanges;
      }
      if (update.kind === 'edits') for (const edit of update.edits) changes.push(edit);
      else {
        const { backend, guard } = this.store!;
        if (!guard.believes(update, this.mirror, this.requests)) {
          // A read that is due earlier, for an edit or a SIGHUP, stays due at that time.
          this.refreshAt = Math.min(this.refreshAt, this.deps.clock.now() + guard.waitMs);
          return noChanges;
        }
        changes.push({ root: update.root, pairs: update.pairs, rule: backend.selects });
      }
    }
    return this.mirror.apply(changes);
  }

  /** Ends the sessions and closes the store; settles when the connections are closed. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.opening?.stop();
    await this.refreshing;
    await this.subscription?.stop();
    await this.store?.backend.close();
  }
}
