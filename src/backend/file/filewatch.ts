import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../obs/clock.ts';

/** What the watch on files works with. */
export interface WatchedFiles<T> {
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly pollMs: number;
  /** A text that is another one after nearly every change. */
  readonly look: () => Promise<string>;
  /** What to tell after every hint of a change. */
  readonly examine: () => Promise<T>;
}

/**
 * Examines the files whenever they may have changed: at the start, when the system reports something, and when a look at them
 * every pollMs finds a difference. Parents are watched rather than files, and links are not followed: only so the swap
 * of a link (Kubernetes' ..data) is seen every time. Ends by throwing the signal's reason.
 */
export async function* watchFiles<T>(watched: WatchedFiles<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.throwIfAborted();
  const { watch } = await import('chokidar');
  const bell = new Bell();
  const ring = () => {
    bell.ring();
  };
  const watchers = (await places(watched.files)).map(({ path, depth }) => {
    const options = { followSymlinks: false, ignoreInitial: true, ...(depth === null ? {} : { depth }) };
    // An error of the watcher (too many watches, no permission) leaves the regular look at the files.
    return watch(path, options)
      .on('all', ring)
      .on('ready', ring)
      .on('error', () => undefined);
  });
  signal.addEventListener('abort', ring, { once: true });
  const stopping = new AbortController();
  const looking = lookRegularly(watched, ring, stopping.signal);
  try {
    for (;;) {
      signal.throwIfAborted();
      yield await watched.examine();
      await bell.rung();
    }
  } finally {
    signal.removeEventListener('abort', ring);
    stopping.abort(new Error('the watch has ended'));
    await Promise.all([looking, ...watchers.map((watcher) => watcher.close())]);
  }
}

async function lookRegularly(watched: WatchedFiles<unknown>, ring: () => void, signal: AbortSignal): Promise<void> {
  let seen = await watched.look();
  while (!signal.aborted) {
    await watched.clock.sleep(watched.pollMs, signal).catch(() => undefined);
    const now = await watched.look();
    if (now !== seen) ring();
    seen = now;
  }
}

interface Place {
  readonly path: string;
  /** How far down to look; null is without end. */
  readonly depth: number | null;
}

async function places(files: readonly string[]): Promise<Place[]> {
  const found = new Map<string, Place>();
  for (const file of files) {
    const real = await realpath(file).catch(() => file);
    const isDirectory = await stat(real).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    for (const path of [dirname(file), dirname(real)]) if (!found.has(path)) found.set(path, { path, depth: 0 });
    if (isDirectory) found.set(real, { path: real, depth: null });
  }
  return [...found.values()];
}

/** Rung any number of times, it wakes its one listener once. */
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
