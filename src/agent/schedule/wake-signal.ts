import type { Clock } from '../../obs/clock.ts';

/** What can wake the agent between passes. */
export type WakeReason = 'change' | 'read' | 'look' | 'timer' | 'edit' | 'dest' | 'hangup' | 'stop';

/**
 * One flag for each reason. However often a reason is set while the agent works, the agent wakes once; nothing queues
 * up, and no reason is lost.
 */
export class WakeSignal {
  private readonly pending = new Set<WakeReason>();
  private waiting: (() => void) | null = null;

  notify(reason: WakeReason): void {
    this.pending.add(reason);
    this.waiting?.();
  }

  /**
   * The reasons that were set since the last call; waits for one if there is none. 'timer' after ms without a reason.
   */
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
