import type { Clock } from '../obs/clock.ts';

/** What can wake the agent between passes. */
export type Reason = 'change' | 'look' | 'timer' | 'edit' | 'dest' | 'hangup' | 'stop';

/**
 * A one-slot flag per reason: whoever has news rings, the agent waits for the next ring. However often it rings while
 * the agent works, the agent wakes once; nothing queues up, and nothing rung is lost.
 */
export class Bell {
  private readonly rung = new Set<Reason>();
  private waiting: (() => void) | null = null;

  ring(reason: Reason): void {
    this.rung.add(reason);
    this.waiting?.();
  }

  /** The reasons rung since the last call, waiting for one if there is none; 'timer' when ms pass in silence. */
  async next(ms: number, clock: Clock): Promise<ReadonlySet<Reason>> {
    if (this.rung.size === 0) {
      const cancel = new AbortController();
      const ringing = new Promise<void>((resolve) => (this.waiting = resolve));
      const timer = clock.sleep(ms, cancel.signal).then(
        () => this.rung.add('timer'),
        () => undefined,
      );
      await Promise.race([ringing, timer]);
      this.waiting = null;
      cancel.abort();
    }
    const reasons = new Set(this.rung);
    this.rung.clear();
    return reasons;
  }
}
