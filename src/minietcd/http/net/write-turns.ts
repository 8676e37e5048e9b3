/** So many small writes go out in one turn of the event loop: each takes the system 30 µs or so. */
const maxWrites = 200;

/** Spreads writes over turns of the event loop, so that an event that thousands wait for keeps nobody else waiting. */
export class WriteTurns {
  private left = maxWrites;
  private isCounting = false;
  private waiting: (() => void)[] = [];

  /** True where a write has room in this turn, which it takes; else `write` is called in a later one, in order. */
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
