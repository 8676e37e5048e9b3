import { type Backend, BackendError, type Edit, type Snapshot } from '../backend/backend.ts';
import type { Touched } from '../mirror/keys.ts';
import { Mirror } from '../mirror/mirror.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Reason } from './bell.ts';
import { Doubt, type Wish } from './doubt.ts';
import { Feed } from './feed.ts';
import { Outage } from './outage.ts';

/** What a source works with. */
export interface SourceParts {
  readonly backend: Backend;
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

const untouched: Touched = new Map();
const nothing: Snapshot = { cursor: new Map(), pairs: new Map() };

/**
 * One store as the agent has it: what the resources want of it, the mirror that holds it, the watch that follows it,
 * and when it is to be looked at next.
 */
export class Source {
  readonly mirror = new Mirror();
  private lookAt = -Infinity;
  private looking: Promise<void> | null = null;
  private wishes: readonly Wish[] = [];
  private keys: readonly string[] = [];
  private snapshot: Snapshot | null = null;
  /** What the last read asked for. */
  private held: ReadonlySet<string> = new Set();
  private feed: Feed | null = null;
  private readonly outage: Outage;
  private readonly doubt: Doubt;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: SourceParts) {
    this.outage = new Outage(parts.clock, parts.log);
    this.doubt = new Doubt(parts.backend, parts.log);
  }

  /** How wanted keys select pairs; see Backend. */
  get selects(): Backend['selects'] {
    return this.parts.backend.selects;
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
    const snapshot = keys.length === 0 ? nothing : await this.parts.backend.read(keys, signal);
    if (!this.doubt.believes(snapshot, this.mirror, wishes)) return false;
    this.snapshot = snapshot;
    this.held = new Set(keys);
    this.mirror.replace(snapshot);
    return true;
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

  private async readAndFollow({ intervalMs, isWatching }: Look): Promise<void> {
    const { clock, onRead } = this.parts;
    let wait = intervalMs;
    try {
      const isBelieved = await this.read(this.stopping.signal);
      this.outage.over();
      if (isBelieved) {
        onRead();
        if (isWatching) await this.follow();
      } else wait = this.doubt.waitMs;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      if (!(error instanceof BackendError)) throw error;
      wait = this.outage.failed(error);
    }
    this.lookAt = Math.min(this.lookAt, clock.now() + wait);
  }

  /** Follows the store's changes from the last read on. */
  private async follow(): Promise<void> {
    await this.feed?.stop();
    if (this.stopping.signal.aborted || this.snapshot === null || this.held.size === 0) return;
    const ring = () => {
      this.parts.ring('change');
    };
    this.feed = new Feed({ ...this.parts, ring }, [...this.held], this.snapshot.cursor);
  }

  /**
   * Puts the changes that have come in into the mirror; one that only a read can tell makes a look due. None is taken
   * during a look, or between two of them: it may be newer than what is being read.
   */
  takeChanges(): Touched {
    if (this.looking !== null || this.doubt.isOpen) return untouched;
    const edits: Edit[] = [];
    for (const change of this.feed?.take() ?? []) {
      if (change.edits === 'look again') {
        this.lookSoon();
        return untouched;
      }
      edits.push(...change.edits);
    }
    return this.mirror.apply(edits);
  }

  /** Ends the watch and a read under way; settles when their connections are gone. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.looking;
    await this.feed?.stop();
  }
}
