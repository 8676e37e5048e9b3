import type { Change, Cursor, Edit } from './backend.ts';
import type { Heard } from './event.ts';
import type { Poll } from './roots.ts';

/** More edits than this are not kept for a slow reader: it shall look again. */
const mostEdits = 20_000;

/** What polls have heard and the reader has not taken yet; what comes in together goes out as one change. */
export class Inbox {
  private readonly pending = new Map<Poll, { index: bigint; edits: Edit[] | 'look again' }>();
  private failure: { readonly error: unknown } | null = null;
  private wake: (() => void) | null = null;
  private readonly cursor: Map<string, bigint>;

  constructor(cursor: Cursor) {
    this.cursor = new Map(cursor);
  }

  /** Takes what one poll has heard. */
  put(poll: Poll, heard: Heard): void {
    const edits = this.pending.get(poll)?.edits ?? [];
    const all = edits === 'look again' || heard.edits === 'look again' ? 'look again' : [...heard.edits];
    this.pending.set(poll, { index: heard.index, edits: joined(edits, all) });
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
    let all: Edit[] | 'look again' = [];
    for (const [poll, { index, edits }] of this.pending) {
      for (const root of poll.roots) {
        // Polls shared by several roots start at the oldest place; a counter is set back only by a lost history.
        if (edits === 'look again' || (this.cursor.get(root) ?? 0n) < index) this.cursor.set(root, index);
      }
      all = all === 'look again' || edits === 'look again' ? 'look again' : all.concat(edits);
    }
    this.pending.clear();
    return { cursor: new Map(this.cursor), edits: all };
  }
}

function joined(before: Edit[] | 'look again', after: Edit[] | 'look again'): Edit[] | 'look again' {
  if (before === 'look again' || after === 'look again') return 'look again';
  before.push(...after);
  return before.length > mostEdits ? 'look again' : before;
}
