import { backoffMs } from '../../backend/contract/backoff.ts';
import type { PassRecord, Trigger } from '../pipeline/pass-record.ts';
import type { Clock } from '../../obs/clock.ts';

/** Runs one pass of a resource; returns its record. */
export type RunPass = (trigger: Trigger) => Promise<PassRecord>;

/**
 * Runs the passes of one resource: one at a time, another one when it was requested meanwhile, and retries with growing
 * delays while the last pass has failed.
 */
export class ResourceRunner {
  /** The trigger of the next pass; the first one if there are several. */
  private next: Trigger | null = null;
  private running: Promise<void> | null = null;
  private retry: AbortController | null = null;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly pass: RunPass,
    private readonly clock: Clock,
    /** Settles when the previous resource with the same dest has ended; passes wait for it. */
    private readonly ready: Promise<unknown> = Promise.resolve(),
  ) {}

  /** Starts a pass now, or one more after the current pass. */
  schedule(trigger: Trigger): void {
    if (this.stopped) return;
    this.retry?.abort(new Error('superseded'));
    this.next ??= trigger;
    this.running ??= this.work();
  }

  /** Starts no more passes; settles after the current step. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.next = null;
    this.retry?.abort(new Error('stopped'));
    await this.ready;
    await this.running;
  }

  private async work(): Promise<void> {
    try {
      for (let trigger = this.next; trigger !== null; trigger = this.next) {
        this.next = null;
        await this.ready;
        const { outcome } = await this.pass(trigger);
        if (outcome.status === 'stopped') return;
        this.failures = outcome.status === 'failed' ? this.failures + 1 : 0;
      }
      if (this.failures > 0 && !this.stopped) this.retryLater();
    } finally {
      this.running = null; // in the same turn as the check of `next`, so that no request is missed
    }
  }

  private retryLater(): void {
    const retry = (this.retry = new AbortController());
    this.clock.sleep(backoffMs(this.failures), retry.signal).then(
      () => {
        this.schedule('retry');
      },
      () => undefined,
    );
  }
}
