import {
  type Backend,
  BackendError,
  type Cursor,
  resync,
  selected,
  type SessionItem,
  type Snapshot,
} from '../../src/backend/contract/backend.ts';
import { openSession } from '../../src/backend/contract/session.ts';
import { aborted } from '../../src/backend/net/deadline.ts';

/** A store in memory whose every write is an event with an index, and which can be taken down. */
export class FakeBackend implements Backend {
  readonly name = 'fake';
  canWatch = true;
  mints = false;
  readonly selects = 'subtree';
  reads = 0;
  watches = 0;
  down = false;
  closed = false;
  /** Tells all below this root in the place of edits. */
  root: string | null = null;
  /** How long what it gives is good for. */
  validMs: number | null = null;
  /** What it does that no store may do. */
  strange: 'end' | 'no snapshot' | null = null;
  /** What a read's answer waits for, once it is made. */
  slow: Promise<void> | null = null;
  private index = 0n;
  private readonly pairs = new Map<string, string>();
  private readonly events: { index: bigint; key: string; value: string | null }[] = [];
  private readonly wake: (() => void)[] = [];

  put(key: string, value: string | null): void {
    this.index += 1n;
    if (value === null) for (const k of [...this.pairs.keys()]) if (selected(k, key, 'subtree')) this.pairs.delete(k);
    if (value !== null) this.pairs.set(key, value);
    this.events.push({ index: this.index, key, value });
    this.stir();
  }

  /** Forgets its history, as etcd does after a thousand events. */
  forget(): void {
    this.events.length = 0;
  }

  /** Loses its data, and its history with it. */
  lose(): void {
    this.pairs.clear();
    this.index += 1n;
    this.forget();
    this.stir();
  }

  setDown(down: boolean): void {
    this.down = down;
    this.stir();
  }

  private stir(): void {
    for (const wake of this.wake.splice(0)) wake();
  }

  private check(): void {
    if (this.closed) throw new BackendError('unreachable', 'fake: closed');
    if (this.down) throw new BackendError('unreachable', 'fake: down');
  }

  private whole(root: string) {
    return { root, pairs: new Map([...this.pairs].filter(([key]) => selected(key, root, 'subtree'))) };
  }

  private get validity() {
    return this.validMs === null ? {} : { validMs: this.validMs };
  }

  private cursor(index: bigint): Cursor {
    return new Map([['/', index]]);
  }

  async *open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    if (after === undefined && this.strange === 'no snapshot') yield resync;
    yield* openSession(
      after,
      () => this.read(keys, signal),
      (cursor) => this.follow(keys, cursor, signal),
    );
  }

  private async read(keys: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    this.reads += 1;
    signal.throwIfAborted();
    this.check();
    const pairs = [...this.pairs].filter(([key]) => keys.some((wanted) => selected(key, wanted, 'subtree')));
    const snapshot: Snapshot = { kind: 'snapshot', cursor: this.cursor(this.index), pairs: new Map(pairs) };
    if (this.slow !== null) await Promise.race([this.slow, aborted(signal)]);
    return { ...snapshot, ...this.validity };
  }

  private async *follow(
    keys: readonly string[],
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<SessionItem, void> {
    this.watches += 1;
    let at = cursor.get('/')!;
    for (;;) {
      signal.throwIfAborted();
      this.check();
      if (this.strange === 'end') return;
      const fresh = this.events.filter((e) => e.index > at);
      if (at < this.index && fresh.length < Number(this.index - at)) {
        yield resync;
        return;
      } else if (fresh.length > 0) {
        at = this.index;
        const isOf = (e: { key: string; value: string | null }, wanted: string) =>
          selected(e.key, wanted, 'subtree') || (e.value === null && selected(wanted, e.key, 'subtree'));
        const edits = fresh.filter((e) => keys.some((wanted) => isOf(e, wanted)));
        if (this.root === null) yield { kind: 'edits', cursor: this.cursor(at), edits, ...this.validity };
        else yield { kind: 'replace', cursor: this.cursor(at), ...this.whole(this.root), ...this.validity };
      } else {
        await new Promise<void>((resolve) => {
          this.wake.push(resolve);
          signal.addEventListener(
            'abort',
            () => {
              resolve();
            },
            { once: true },
          );
        });
      }
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a store in memory
  async close(): Promise<void> {
    this.closed = true;
    this.stir();
  }
}
