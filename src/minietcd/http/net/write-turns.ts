/** How many small writes are made in one turn of the event loop: each takes about 30 µs. */
const maxWrites = 200;

/** Spreads writes over turns of the event loop, so that an event with thousands of watchers does not block it. */
export class WriteTurns {
  private left = maxWrites;
  private isCounting = false;
  private waiting: (() => void)[] = [];

  /** True when a write fits into this turn; otherwise `write` is called in a later one, in order. */
  take(write: () => void): boolean {
    this.count();
    if (this.left === 0) {
      this.waiting.push(write);
      return false;
    }
    this.left--;
    return true;
  }

  private count(): void {
    if (this.isCounting) return;
    this.isCounting = true;
    setImmediate(() => {
      this.isCounting = false;
      this.next();
    });
  }

  private next(): void {
    this.left = maxWrites;
    if (this.waiting.length === 0) return;
    const writes = this.waiting.slice(0, maxWrites);
    this.waiting = this.waiting.slice(maxWrites);
    this.left -= writes.length;
    this.count();
    for (const write of writes) write();
  }
}
