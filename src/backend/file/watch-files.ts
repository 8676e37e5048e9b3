import type { Clock } from '../../obs/clock.ts';
import { FileWatch } from '../../file-watch/file-watch.ts';

/** What watching files needs. */
export interface WatchedFiles<T> {
  readonly files: readonly string[];
  readonly clock: Clock;
  /** Gets a message when the system does not report changes. */
  readonly warn: (message: string) => void;
  /** Called after every hint of a change. */
  readonly examine: () => Promise<T>;
}

/** Examines the files at the start and whenever they may have changed. Ends by throwing the signal's reason. */
export async function* watchFiles<T>(watched: WatchedFiles<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.throwIfAborted();
  const { files, clock, warn, examine } = watched;
  const bell = new Bell();
  const ring = () => {
    bell.ring();
  };
  const watching = new FileWatch({ paths: () => files, onChange: ring, warn, clock });
  signal.addEventListener('abort', ring, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      yield await examine();
      await bell.rung();
    }
  } finally {
    signal.removeEventListener('abort', ring);
    await watching.close();
  }
}

/** Wakes one waiting caller once, however often it is rung. */
class Bell {
  private ringing = false;
  private wake: (() => void) | null = null;

  ring(): void {
    this.ringing = true;
    this.wake?.();
  }

  async rung(): Promise<void> {
    if (!this.ringing) await new Promise<void>((resolve) => (this.wake = resolve));
    this.ringing = false;
    this.wake = null;
  }
}
