import type { Backend, Edit, Snapshot } from '../backend/backend.ts';
import type { Touched } from '../mirror/keys.ts';
import { Mirror } from '../mirror/mirror.ts';
import type { View } from '../mirror/view.ts';
import type { Clock } from '../obs/clock.ts';
import { labelled, type Logger } from '../obs/log.ts';
import type { Reason } from './bell.ts';
import { Doubt, type Wish } from './doubt.ts';
import { Feed } from './feed.ts';
import { storeFailure, Outage } from './outage.ts';

/** What a source works with. */
export interface SourceParts {
  /** What messages call the store; '' for the global one. */
  readonly label: string;
  /** Opens the store, which is the source's to close. Throws BackendError. */
  readonly open: () => Promise<Backend>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when there are changes to take, and when a look has ended. */
  readonly ring: (reason: Reason) => void;
  /** Called when a look has read the store anew. */
  readonly onRead: () => void;
}

/** How a daemon looks at its stores. */
export interface Look {
  /** From one read to the next. */
  readonly intervalMs: number;
  /** Whether changes are followed between them. */
  readonly isWatching: boolean;
}

/** The store, once it is open. */
interface Store {
  readonly backend: Backend;
  readonly doubt: Doubt;
}

const untouched: Touched = new Map();
const nothing: Snapshot = { cursor: new Map(), pairs: new Map() };

/**
 * One store as the agent has it: what the resources want of it, the mirror that holds it, the watch that follows it,
 * and when it is to be looked at next.
 */
export class Source {
  readonly mirror = new Mirror();
  private store: Store | null = null;
  private lookAt = -Infinity;
  private looking: Promise<void> | null = null;
  private wishes: readonly Wish[] = [];
  private keys: readonly string[] = [];
  private snapshot: Snapshot | null = null;
  /** What the last read asked for. */
  private held: ReadonlySet<string> = new Set();
  private feed: Feed | null = null;
  /** Changes were lost; those that come now say too little, until a read succeeds. */
  private isBehind = false;
  private readonly outage: Outage;
  /** It has been said that the store cannot be watched. */
  private isPolled = false;
  private readonly stopping = new AbortController();
  private readonly log: Logger;

  constructor(private readonly parts: SourceParts) {
    this.log = labelled(parts.log, parts.label);
    this.outage = new Outage(parts.clock, this.log);
  }

  get label(): string {
    return this.parts.label;
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
  get nextLook(): number {
    return this.looking === null ? this.lookAt : Infinity;
  }

  /** Sets what the resources want; when that is something else than before, the store is to be read at once. */
  want(wishes: readonly Wish[]): void {
    const before = this.keys;
    this.wishes = wishes;
    this.keys = [...new Set(wishes.flatMap(({ keys }) => keys))].sort();
    if (this.keys.join('\0') !== before.join('\0')) this.lookSoon();
  }

  /**
   * Reads the store anew. The mirror keeps what it had when that fails (BackendError), and when the store seems to have
   * lost its data: then it is false, and a second read will tell.
   */
  async read(signal: AbortSignal): Promise<boolean> {
    const { keys, wishes } = this;
    let snapshot = nothing;
    if (keys.length > 0) {
      const { backend, doubt } = await this.opened();
      snapshot = await backend.read(keys, signal);
      if (!doubt.believes(snapshot, this.mirror, wishes)) return false;
    }
    this.isBehind = false;
    this.snapshot = snapshot;
    this.held = new Set(keys);
    this.mirror.replace(snapshot);
    return true;
  }

  private async opened(): Promise<Store> {
    if (this.store === null) {
      const { open, label, log } = this.parts;
      const backend = await open();
      const { name, selects } = backend;
      this.store = { backend, doubt: new Doubt({ name: label === '' ? name : label, selects }, log) };
    }
    return this.store;
  }

  /** Makes the store due to be read: at once, or when the read under way is done. */
  lookSoon(): void {
    this.lookAt = this.parts.clock.now();
  }

  /** Reads the store when its time has come, in the background, and sets the time of the next look. */
  look(look: Look): void {
    if (this.nextLook > this.parts.clock.now()) return;
    this.lookAt = Infinity;
    this.looking = this.readAndFollow(look).finally(() => {
      this.looking = null;
      this.parts.ring('look');
    });
  }

  private async readAndFollow(look: Look): Promise<void> {
    const { clock, onRead } = this.parts;
    let wait = look.intervalMs;
    try {
      const isBelieved = await this.read(this.stopping.signal);
      this.outage.over();
      if (isBelieved) {
        onRead();
        if (look.isWatching) await this.follow(look);
      } else wait = this.store!.doubt.waitMs;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      wait = this.outage.failed(storeFailure(error));
    }
    this.lookAt = Math.min(this.lookAt, clock.now() + wait);
  }

  /** Follows the store's changes from the last read on. */
  private async follow({ intervalMs }: Look): Promise<void> {
    await this.feed?.stop();
    const { store, snapshot } = this;
    if (this.stopping.signal.aborted || store === null || snapshot === null || this.held.size === 0) return;
    const { backend } = store;
    if (!backend.canWatch) {
      this.sayThatItPolls(backend.name, intervalMs);
      return;
    }
    const { clock, ring } = this.parts;
    const ringIt = () => {
      ring('change');
    };
    const parts = { backend, clock, outage: this.outage, ring: ringIt };
    this.feed = new Feed(parts, [...this.held], snapshot.cursor);
  }

  private sayThatItPolls(name: string, intervalMs: number): void {
    if (this.isPolled) return;
    this.isPolled = true;
    this.log.warning(`Watch is not supported for backend ${name}: polling every ${intervalMs / 1000} s`);
  }

  /**
   * Puts the changes that have come in into the mirror; one that only a read can tell makes a look due. None is taken
   * during a look, or between two of them: it may be newer than what is being read; and none that comes after lost ones.
   */
  takeChanges(): Touched {
    if (this.looking !== null || this.isBehind || this.store?.doubt.isOpen === true) return untouched;
    const edits: Edit[] = [];
    for (const change of this.feed?.take() ?? []) {
      if (change.edits === 'look again') {
        this.isBehind = true;
        this.lookSoon();
        return untouched;
      }
      edits.push(...change.edits);
    }
    return this.mirror.apply(edits);
  }

  /** Ends the watch and a read under way, and closes the store; settles when its connections are gone. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.looking;
    await this.feed?.stop();
    await this.store?.backend.close();
  }
}
