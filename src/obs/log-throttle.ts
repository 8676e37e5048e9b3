import type { Clock } from './clock.ts';

const throttleMs = 60_000;

/** Lets news that stays the same through once a minute. */
export class LogThrottle {
  private last = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** True when it is time to say it; then it counts as said. */
  isDue(): boolean {
    const now = this.clock.now();
    if (now - this.last < throttleMs) return false;
    this.last = now;
    return true;
  }

  /** What comes next is news again. */
  reset(): void {
    this.last = -Infinity;
  }
}
