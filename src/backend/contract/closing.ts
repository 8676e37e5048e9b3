import { BackendError } from './backend.ts';

/** Closes a store: its running operations end with BackendError. */
export class Closing {
  private readonly closed = new AbortController();

  /** Fires when the signal fires, with its reason, and when the store is closed. */
  signalOf(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closed.signal]);
  }

  close(): void {
    this.closed.abort(new BackendError('unreachable', 'the store is closed'));
  }
}
