import { BackendError } from '../../backend/contract/backend.ts';
import { backoffMs } from '../../backend/contract/backoff.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { LogThrottle } from '../../obs/log-throttle.ts';

/** The failure of a store. A bug of this program counts as one failed attempt, and does not stop the agent. */
export function storeFailure(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const message = `Internal error while reading the store, please report it: ${cause.stack ?? cause.message}`;
  return new BackendError('protocol', message, { cause });
}

/** The attempts while a store cannot be read: logs the failure once a minute and increases the delays. */
export class RetryState {
  private attempts = 0;
  private readonly throttle: LogThrottle;

  constructor(
    clock: Clock,
    private readonly log: Logger,
  ) {
    this.throttle = new LogThrottle(clock);
  }

  /** Counts a failed attempt; returns the milliseconds to wait before the next one. */
  failed(error: BackendError): number {
    if (this.attempts === 0) this.throttle.reset();
    if (this.throttle.isDue()) this.log.error(error.message);
    this.attempts += 1;
    return backoffMs(this.attempts);
  }

  /** Counts a successful attempt. */
  over(): void {
    if (this.attempts > 0) this.log.info('The backend answers again');
    this.attempts = 0;
  }
}
