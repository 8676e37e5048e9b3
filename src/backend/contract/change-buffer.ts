import type { Change, Cursor, Edit } from './backend.ts';

/** What an event of a store means to those who watch. */
export interface DecodedEvent {
  readonly index: bigint;
  readonly edits: readonly Edit[] | 'look again';
}

/** More edits than this are not told one by one, nor kept for a slow reader: it shall look again. */
const maxEdits = 20_000;

type Edits = Edit[] | 'look again';

/** Whoever hears something; its roots are the places of the cursor that it moves on. */
export interface Listener {
  readonly roots: readonly string[];
}

/** What listeners have heard and the reader has not taken yet; what comes in together goes out as one change. */
export class ChangeBuffer {
  private readonly pending = new Map<Listener, { index: bigint; edits: Edits }>();
  private failure: { readonly error: unknown } | null = null;
  private wake: (() => void) | null = null;
  private readonly cursor: Map<string, bigint>;

  constructor(cursor: Cursor) {
    this.cursor = new Map(cursor);
  }

  /** Takes what one of them has heard. */
  put(listener: Listener, event: DecodedEvent): void {
    const edits = this.pending.get(listener)?.edits ?? [];
    this.pending.set(listener, { index: event.index, edits: joined(edits, event.edits) });
    this.wake?.();
  }

  /** Ends the stream, once everything before is taken. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  /** The next change; one without edits tells that the store is there, and how far it is. */
  async next(): Promise<Change> {
    while (this.pending.size === 0) {
      if (this.failure !== null) throw this.failure.error;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.take();
  }

  private take(): Change {
    let all: Edits = [];
    for (const [listener, { index, edits }] of this.pending) {
      for (const root of listener.roots) {
        // A poll shared by several roots starts at the oldest place; a counter is set back only by a lost history.
        if (edits === 'look again' || (this.cursor.get(root) ?? 0n) < index) this.cursor.set(root, index);
      }
      all = joined(all, edits);
    }
    this.pending.clear();
    return { cursor: new Map(this.cursor), edits: all };
  }
}

/** Puts what came after to what came before, which it may change. */
function joined(before: Edits, after: DecodedEvent['edits']): Edits {
  if (before === 'look again' || after === 'look again') return 'look again';
  if (before.length + after.length > maxEdits) return 'look again';
  before.push(...after);
  return before;
}
