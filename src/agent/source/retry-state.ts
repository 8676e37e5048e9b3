import { BackendError } from '../../backend/contract/backend.ts';
import { backoffMs } from '../../backend/contract/backoff.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { LogThrottle } from '../../obs/log-throttle.ts';

/** What a store failed of; a mistake of this program costs the store an attempt, and not everyone the agent. */
export function storeFailure(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const message = `Internal error while reading the store, please report it: ${cause.stack ?? cause.message}`;
  return new BackendError('protocol', message, { cause });
}

/** A time without the store: says so once and then once a minute, and spaces the attempts out. */
export class RetryState {
  private attempts = 0;
  private readonly throttle: LogThrottle;

  constructor(
    clock: Clock,
    private readonly log: Logger,
  ) {
    this.throttle = new LogThrottle(clock);
  }

  /** Another attempt failed; gives the milliseconds to wait before the next one. */
  failed(error: BackendError): number {
    if (this.attempts === 0) this.throttle.reset();
    if (this.throttle.isDue()) this.log.error(error.message);
    this.attempts += 1;
    return backoffMs(this.attempts);
  }

  /** The store answered. */
  over(): void {
    if (this.attempts > 0) this.log.info('The backend answers again');
    this.attempts = 0;
  }
}
