import type { Backend, Edit, Snapshot } from '../../backend/contract/backend.ts';
import type { ChangeSet } from '../../mirror/keys.ts';
import { Mirror } from '../../mirror/mirror.ts';
import type { View } from '../../mirror/view.ts';
import type { Clock } from '../../obs/clock.ts';
import { labelled, type Logger } from '../../obs/log.ts';
import { EmptyReadGuard, type RequestedKeys } from './empty-read-guard.ts';
import { Subscription } from './subscription.ts';
import { storeFailure, RetryState } from './retry-state.ts';

/** What a source works with. */
export interface SourceDeps {
  /** What messages call the store; '' for the global one. */
  readonly label: string;
  /** Opens the store, which is the source's to close. Throws BackendError. */
  readonly open: () => Promise<Backend>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when there are changes to take, when a look has read the store anew, and when one has ended. */
  readonly notify: (reason: 'change' | 'read' | 'look') => void;
}

/** What made a read of a store due; `change` is one that only a read can tell. */
export type ReadReason = 'start' | 'timer' | 'change' | 'edit' | 'hangup';

/** How a daemon looks at its stores. */
export interface RefreshOptions {
  /** From one read to the next. */
  readonly intervalMs: number;
  /** Whether changes are followed between them. */
  readonly isWatching: boolean;
}

/** The store, once it is open. */
interface Store {
  readonly backend: Backend;
  readonly guard: EmptyReadGuard;
}

const noChanges: ChangeSet = new Map();
const emptySnapshot: Snapshot = { cursor: new Map(), pairs: new Map() };

/**
 * One store as the agent has it: what the resources want of it, the mirror that holds it, the watch that follows it,
 * and when it is to be looked at next.
 */
export class Source {
  readonly mirror = new Mirror();
  private store: Store | null = null;
  private refreshAt = -Infinity;
  /** What makes the next read due. */
  private reason: ReadReason | null = null;
  private refreshing: Promise<void> | null = null;
  private requests: readonly RequestedKeys[] = [];
  private keys: readonly string[] = [];
  private snapshot: Snapshot | null = null;
  /** What the last read asked for. */
  private held: ReadonlySet<string> = new Set();
  private subscription: Subscription | null = null;
  /** Changes were lost; those that come now say too little, until a read succeeds. */
  private isBehind = false;
  /** Why a look has read the store anew that nobody has taken yet. */
  private fresh: ReadReason | null = null;
  private readonly retryState: RetryState;
  /** It has been said that the store cannot be watched. */
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

  /** What these keys select, without the prefix; only for keys that it holds. */
  view(prefix: string, keys: readonly string[]): View {
    return this.mirror.view(prefix, keys, this.store?.backend.selects ?? 'subtree');
  }

  /** True when the mirror holds what these keys select, as of the last read and the changes since. */
  holds(keys: readonly string[]): boolean {
    return this.snapshot !== null && keys.every((key) => this.held.has(key));
  }

  /** When the store is to be read next, on the clock; not while a read is under way. */
  get nextRefresh(): number {
    return this.refreshing === null ? this.refreshAt : Infinity;
  }

  /** Sets what the resources want; when that is something else than before, the store is to be read at once. */
  request(requests: readonly RequestedKeys[], reason: ReadReason = 'start'): void {
    const before = this.keys;
    this.requests = requests;
    this.reason ??= reason;
    this.keys = [...new Set(requests.flatMap(({ keys }) => keys))].sort();
    if (this.keys.join('\0') !== before.join('\0')) this.refreshSoon(reason);
  }

  /**
   * Reads the store anew. The mirror keeps what it had when that fails (BackendError), and when the store seems to have
   * lost its data: then it is false, and a second read will tell.
   */
  async read(signal: AbortSignal): Promise<boolean> {
    const { keys, requests } = this;
    let snapshot = emptySnapshot;
    if (keys.length > 0) {
      const { backend, guard } = await this.opened();
      snapshot = await backend.read(keys, signal);
      if (!guard.believes(snapshot, this.mirror, requests)) return false;
    }
    this.isBehind = false;
    this.snapshot = snapshot;
    this.held = new Set(keys);
    this.mirror.replace(snapshot);
    return true;
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

  /** Makes the store due to be read: at once, or when the read under way is done. */
  refreshSoon(reason: ReadReason = 'timer'): void {
    this.reason = reason;
    this.refreshAt = this.deps.clock.now();
  }

  /** Reads the store when its time has come, in the background, and sets the time of the next look. */
  refresh(refresh: RefreshOptions): void {
    if (this.nextRefresh > this.deps.clock.now()) return;
    this.refreshAt = Infinity;
    this.refreshing = this.readAndSubscribe(refresh).finally(() => {
      this.refreshing = null;
      this.deps.notify('look');
    });
  }

  private async readAndSubscribe(refresh: RefreshOptions): Promise<void> {
    const { clock, notify } = this.deps;
    const reason = this.takeReason();
    let wait = refresh.intervalMs;
    let isBelieved = false;
    try {
      isBelieved = await this.read(this.stopping.signal);
      this.retryState.over();
      if (isBelieved) {
        this.fresh = reason;
        notify('read');
        if (refresh.isWatching) await this.subscribe(refresh);
      } else wait = this.store!.guard.waitMs;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      wait = this.retryState.failed(storeFailure(error));
    }
    // What made it due is still to be done.
    if (!isBelieved && this.reason === 'timer') this.reason = reason;
    this.refreshAt = Math.min(this.refreshAt, clock.now() + wait);
  }

  private takeReason(): ReadReason {
    const reason = this.reason ?? 'start';
    this.reason = 'timer';
    return reason;
  }

  /** Follows the store's changes from the last read on. */
  private async subscribe({ intervalMs }: RefreshOptions): Promise<void> {
    await this.subscription?.stop();
    const { store, snapshot } = this;
    if (this.stopping.signal.aborted || store === null || snapshot === null || this.held.size === 0) return;
    const { backend } = store;
    if (!backend.canWatch) {
      this.warnPolling(backend.name, intervalMs);
      return;
    }
    const { clock, notify } = this.deps;
    const notifyChange = () => {
      notify('change');
    };
    const deps = { backend, clock, retryState: this.retryState, notify: notifyChange };
    this.subscription = new Subscription(deps, [...this.held], snapshot.cursor);
  }

  private warnPolling(name: string, intervalMs: number): void {
    if (this.isPolled) return;
    this.isPolled = true;
    this.log.warning(`Watch is not supported for backend ${name}: polling every ${intervalMs / 1000} s`);
  }

  /** Once after every look that has read the store anew: why it did. Null when there was none. */
  takeRead(): ReadReason | null {
    const { fresh } = this;
    this.fresh = null;
    return fresh;
  }

  /**
   * Puts the changes that have come in into the mirror; one that only a read can tell makes a look due. None is taken
   * during a look, or between two of them: it may be newer than what is being read; and none that comes after lost ones.
   */
  takeChanges(): ChangeSet {
    if (this.refreshing !== null || this.isBehind || this.store?.guard.isOpen === true) return noChanges;
    const edits: Edit[] = [];
    for (const change of this.subscription?.take() ?? []) {
      if (change.edits === 'look again') {
        this.isBehind = true;
        this.refreshSoon('change');
        return noChanges;
      }
      edits.push(...change.edits);
    }
    return this.mirror.apply(edits);
  }

  /** Ends the watch and a read under way, and closes the store; settles when its connections are gone. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.refreshing;
    await this.subscription?.stop();
    await this.store?.backend.close();
  }
}
