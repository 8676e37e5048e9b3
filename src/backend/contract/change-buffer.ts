import { type Cursor, type Edit, type Edits, resync, type Resync } from './backend.ts';

/** One event of a store, as edits. */
export interface DecodedEvent {
  readonly index: bigint;
  readonly edits: readonly Edit[] | 'resync';
}

/** More edits than this are neither given one by one nor kept for a slow reader: the reader must read everything. */
const maxEdits = 20_000;

type Pending = Edit[] | 'resync';

/** One stream of events, such as a long poll; its roots are the entries of the cursor that its events advance. */
export interface EventStream {
  readonly roots: readonly string[];
}

/**
 * Follows a store: gives what `run` puts into the buffer, until `run` ends or fails the buffer or the signal fires. The
 * signal of `run` fires at the end, also when the reader leaves, and the end of `run` is awaited; `run` must not reject.
 */
export async function* followBuffered(
  cursor: Cursor,
  signal: AbortSignal,
  run: (buffer: ChangeBuffer, signal: AbortSignal) => Promise<unknown>,
): AsyncGenerator<Edits | Resync, void> {
  const buffer = new ChangeBuffer(cursor);
  const ended = new AbortController();
  const stop = () => {
    buffer.stop(signal.reason);
    ended.abort(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const running = run(buffer, ended.signal);
  try {
    yield* buffer.items();
  } finally {
    signal.removeEventListener('abort', stop);
    ended.abort(new Error('the watch has ended'));
    await running;
  }
}

/** Events of streams that the reader has not taken yet. What comes in together goes out as one item. */
export class ChangeBuffer {
  private readonly pending = new Map<EventStream, { index: bigint; edits: Pending }>();
  private failure: { readonly error: unknown } | null = null;
  /** No stream will put anything any more. */
  private isOver = false;
  /** Events are dropped from now on: the reader got a resync, or the buffer was stopped. */
  private isLost = false;
  private wake: (() => void) | null = null;
  private readonly cursor: Map<string, bigint>;

  constructor(cursor: Cursor) {
    this.cursor = new Map(cursor);
  }

  /** Takes an event of a stream. */
  put(stream: EventStream, event: DecodedEvent): void {
    if (this.isLost) return;
    const edits = this.pending.get(stream)?.edits ?? [];
    this.pending.set(stream, { index: event.index, edits: this.join(edits, event.edits) });
    this.wake?.();
  }

  /** Ends the items with an error, once everything before it is taken. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  /** Ends the items with this error now; what was not taken is dropped. */
  stop(reason: unknown): void {
    this.pending.clear();
    this.isLost = true;
    this.fail(reason);
  }

  /** Ends the items without an error, once everything before is taken. */
  end(): void {
    this.isOver = true;
    this.wake?.();
  }

  /** The items until the end. A resync is the last one; an item without edits says only that the store answers. */
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
    for (const [stream, { index, edits }] of this.pending) {
      for (const root of stream.roots) {
        // A poll that several roots share starts at the oldest cursor of them.
        if ((this.cursor.get(root) ?? 0n) < index) this.cursor.set(root, index);
      }
      all = this.join(all, edits);
    }
    this.pending.clear();
    this.isLost = all === 'resync';
    return all === 'resync' ? resync : { kind: 'edits', cursor: new Map(this.cursor), edits: all };
  }

  /** Appends `after` to `before`, which may be changed. */
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
