import {
  type Backend,
  BackendError,
  type Change,
  type Cursor,
  selected,
  type Snapshot,
} from '../../src/backend/contract/backend.ts';

/** A store in memory whose every write is an event with an index, and which can be taken down. */
export class FakeBackend implements Backend {
  readonly name = 'fake';
  canWatch = true;
  readonly selects = 'subtree';
  reads = 0;
  watches = 0;
  down = false;
  closed = false;
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
    if (this.down) throw new BackendError('unreachable', 'fake: down');
  }

  private cursor(index: bigint): Cursor {
    return new Map([['/', index]]);
  }

  async read(keys: readonly string[], signal?: AbortSignal): Promise<Snapshot> {
    this.reads += 1;
    this.check();
    const pairs = [...this.pairs].filter(([key]) => keys.some((wanted) => selected(key, wanted, 'subtree')));
    const snapshot = { cursor: this.cursor(this.index), pairs: new Map(pairs) };
    if (this.slow !== null) await Promise.race([this.slow, aborted(signal)]);
    return snapshot;
  }

  async *watch(keys: readonly string[], cursor: Cursor, signal: AbortSignal): AsyncIterable<Change> {
    this.watches += 1;
    let at = cursor.get('/')!;
    for (;;) {
      signal.throwIfAborted();
      this.check();
      const fresh = this.events.filter((e) => e.index > at);
      if (at < this.index && fresh.length < Number(this.index - at)) {
        at = this.index;
        yield { cursor: this.cursor(at), edits: 'look again' };
      } else if (fresh.length > 0) {
        at = this.index;
        const edits = fresh.filter((e) => keys.some((wanted) => selected(e.key, wanted, 'subtree')));
        yield { cursor: this.cursor(at), edits };
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
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error);
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}
