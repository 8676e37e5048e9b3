import type { Clock } from './clock.ts';

const throttleMs = 60_000;

/** Lets a repeated message through once a minute. */
export class LogThrottle {
  private last = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** True when the message is due; it then counts as logged. */
  isDue(): boolean {
    const now = this.clock.now();
    if (now - this.last < throttleMs) return false;
    this.last = now;
    return true;
  }

  /** The next message is due at once. */
  reset(): void {
    this.last = -Infinity;
  }
}
