import { backoffMs } from '../../backend/contract/backoff.ts';
import type { PassRecord, Trigger } from '../pipeline/pass-record.ts';
import type { Clock } from '../../obs/clock.ts';

/** One pass of a resource; what it ended as. */
export type RunPass = (trigger: Trigger) => Promise<PassRecord>;

/**
 * One resource's life in the agent: at most one pass at a time, another one when it was asked for meanwhile, and a
 * retry, later each time, for as long as its last pass failed.
 */
export class ResourceRunner {
  /** What asks for another pass; the first of several. */
  private next: Trigger | null = null;
  private running: Promise<void> | null = null;
  private retry: AbortController | null = null;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly pass: RunPass,
    private readonly clock: Clock,
    /** Settles when whoever looked after the same dest before is done; passes wait for it. */
    private readonly ready: Promise<unknown> = Promise.resolve(),
  ) {}

  /** Makes a pass now, or one more after the pass that is under way. */
  schedule(trigger: Trigger): void {
    if (this.stopped) return;
    this.retry?.abort(new Error('superseded'));
    this.next ??= trigger;
    this.running ??= this.work();
  }

  /** No more passes; settles when the step in hand is done. */
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
      this.running = null; // in the same turn as the last look at `next`, so that no kick falls in between
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
