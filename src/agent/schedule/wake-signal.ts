import type { Clock } from '../../obs/clock.ts';

/** What can wake the agent between passes. */
export type WakeReason = 'change' | 'read' | 'look' | 'timer' | 'edit' | 'dest' | 'hangup' | 'stop';

/**
 * A one-slot flag per reason: whoever has news rings, the agent waits for the next ring. However often it rings while
 * the agent works, the agent wakes once; nothing queues up, and nothing rung is lost.
 */
export class WakeSignal {
  private readonly pending = new Set<WakeReason>();
  private waiting: (() => void) | null = null;

  notify(reason: WakeReason): void {
    this.pending.add(reason);
    this.waiting?.();
  }

  /** The reasons rung since the last call, waiting for one if there is none; 'timer' when ms pass in silence. */
  async next(ms: number, clock: Clock): Promise<ReadonlySet<WakeReason>> {
    if (this.pending.size === 0) {
      const cancel = new AbortController();
      const notified = new Promise<void>((resolve) => (this.waiting = resolve));
      const timer = clock.sleep(ms, cancel.signal).then(
        () => this.pending.add('timer'),
        () => undefined,
      );
      await Promise.race([notified, timer]);
      this.waiting = null;
      cancel.abort();
    }
    const reasons = new Set(this.pending);
    this.pending.clear();
    return reasons;
  }
}
