import type { Clock } from '../../src/obs/clock.ts';

/** A clock that moves when it is told to. */
export class FakeClock implements Clock {
  private time = 0;
  private sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const giveUp = () => {
        this.sleepers = this.sleepers.filter((s) => s !== sleeper);
        reject(signal.reason as Error);
      };
      const wake = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const sleeper = { at: this.time + ms, wake };
      this.sleepers.push(sleeper);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Moves on by ms, waking sleepers in their order and letting the code that they wake run. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = this.sleepers.filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.sleepers = this.sleepers.filter((s) => s !== next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = end;
    await settle();
  }

  /** The times, from now, at which somebody will wake. */
  get pending(): number[] {
    return this.sleepers.map((s) => s.at - this.time).sort((a, b) => a - b);
  }
}

/** Lets everything that can run without the clock or the disk run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
