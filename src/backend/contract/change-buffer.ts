import { type Cursor, type Edit, type Edits, resync, type Resync } from './backend.ts';

/** What an event of a store means to those who watch. */
export interface DecodedEvent {
  readonly index: bigint;
  readonly edits: readonly Edit[] | 'resync';
}

/** More edits than this are not told one by one, nor kept for a slow reader: it shall read everything. */
const maxEdits = 20_000;

type Pending = Edit[] | 'resync';

/** Whoever hears something; its roots are the places of the cursor that it moves on. */
export interface Listener {
  readonly roots: readonly string[];
}

/** What listeners have heard and the reader has not taken yet; what comes in together goes out as one change. */
export class ChangeBuffer {
  private readonly pending = new Map<Listener, { index: bigint; edits: Pending }>();
  private failure: { readonly error: unknown } | null = null;
  /** Nobody will say anything any more. */
  private isOver = false;
  /** What is said now is of no use: there was a resync. */
  private isLost = false;
  private wake: (() => void) | null = null;
  private readonly cursor: Map<string, bigint>;

  constructor(cursor: Cursor) {
    this.cursor = new Map(cursor);
  }

  /** Takes what one of them has heard. */
  put(listener: Listener, event: DecodedEvent): void {
    if (this.isLost) return;
    const edits = this.pending.get(listener)?.edits ?? [];
    this.pending.set(listener, { index: event.index, edits: this.join(edits, event.edits) });
    this.wake?.();
  }

  /** Ends the stream, once everything before is taken. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  /** Ends the stream now. */
  stop(reason: unknown): void {
    this.pending.clear();
    this.isLost = true;
    this.fail(reason);
  }

  /** Ends the stream in good order, once everything before is taken. */
  end(): void {
    this.isOver = true;
    this.wake?.();
  }

  /** What comes until the end, of which a resync is the last; without edits it tells that the store is there. */
  async *items(): AsyncGenerator<Edits | Resync, void> {
    for (let item = await this.next(); item !== null; item = await this.next()) yield item;
  }

  private async next(): Promise<Edits | Resync | null> {
    while (this.pending.size === 0) {
      if (this.failure !== null) throw this.failure.error;
      if (this.isOver) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.take();
  }

  private take(): Edits | Resync {
    let all: Pending = [];
    for (const [listener, { index, edits }] of this.pending) {
      for (const root of listener.roots) {
        // A poll shared by several roots starts at the oldest place.
        if ((this.cursor.get(root) ?? 0n) < index) this.cursor.set(root, index);
      }
      all = this.join(all, edits);
    }
    this.pending.clear();
    this.isLost = all === 'resync';
    return all === 'resync' ? resync : { kind: 'edits', cursor: new Map(this.cursor), edits: all };
  }

  /** Puts what came after to what came before, which it may change. */
  private join(before: Pending, after: DecodedEvent['edits']): Pending {
    if (before === 'resync' || after === 'resync') return 'resync';
    if (before.length + after.length > maxEdits) {
      this.isOver = true;
      return 'resync';
    }
    before.push(...after);
    return before;
  }
}
