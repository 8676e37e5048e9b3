import { type Backend, BackendError, type Edit, type Snapshot } from '../backend/backend.ts';
import type { Touched } from '../mirror/keys.ts';
import { Mirror } from '../mirror/mirror.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Feed } from './feed.ts';
import { Outage } from './outage.ts';

/** What a source works with. */
export interface SourceParts {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when there are changes to take. */
  readonly ring: () => void;
}

const nothing: Snapshot = { cursor: new Map(), pairs: new Map() };

/**
 * One store as the agent has it: what the resources want of it, the mirror that holds it, the watch that follows it,
 * and when it is to be looked at next.
 */
export class Source {
  readonly mirror = new Mirror();
  /** When the store is to be read next, on the clock. */
  lookAt = -Infinity;
  private keys: readonly string[] = [];
  private snapshot: Snapshot | null = null;
  /** What the last read asked for. */
  private held: ReadonlySet<string> = new Set();
  private feed: Feed | null = null;
  private readonly outage: Outage;

  constructor(private readonly parts: SourceParts) {
    this.outage = new Outage(parts.clock, parts.log);
  }

  /** How wanted keys select pairs; see Backend. */
  get selects(): Backend['selects'] {
    return this.parts.backend.selects;
  }

  /** True when the mirror holds what these keys select, as of the last read and the changes since. */
  holds(keys: readonly string[]): boolean {
    return this.snapshot !== null && keys.every((key) => this.held.has(key));
  }

  /** Sets what the resources want; when that is something else than before, the store is to be read at once. */
  want(keys: Iterable<string>): void {
    const before = this.keys;
    this.keys = [...new Set(keys)].sort();
    if (this.keys.join('\0') !== before.join('\0')) this.lookAt = this.parts.clock.now();
  }

  /** Reads the store anew. Throws BackendError; the mirror then keeps what it had. */
  async read(signal: AbortSignal): Promise<void> {
    const { keys } = this;
    this.snapshot = keys.length === 0 ? nothing : await this.parts.backend.read(keys, signal);
    this.held = new Set(keys);
    this.mirror.replace(this.snapshot);
  }

  /** Like read, for a daemon: false when it failed, and sets the time of the next look. */
  async tryRead(intervalMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.parts;
    try {
      await this.read(signal);
      this.outage.over();
      this.lookAt = clock.now() + intervalMs;
      return true;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      this.lookAt = clock.now() + this.outage.failed(error);
      return false;
    }
  }

  /** Follows the store's changes from the last read on; each one rings. */
  async follow(): Promise<void> {
    await this.feed?.stop();
    if (this.snapshot === null || this.keys.length === 0) return;
    this.feed = new Feed(this.parts, this.keys, this.snapshot.cursor);
  }

  /** Puts the changes that have come in into the mirror. Those that only a read can tell make one due at once. */
  takeChanges(): Touched {
    const edits: Edit[] = [];
    for (const change of this.feed?.take() ?? []) {
      if (change.edits === 'look again') {
        this.lookAt = this.parts.clock.now();
        return new Map();
      }
      edits.push(...change.edits);
    }
    return this.mirror.apply(edits);
  }

  /** Ends the watch; settles when its connection is gone. */
  async stop(): Promise<void> {
    await this.feed?.stop();
  }
}
