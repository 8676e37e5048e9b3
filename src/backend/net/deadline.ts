import type { Clock } from '../../obs/clock.ts';

/** Makes an AbortController follow another signal; call the returned function to stop following. */
export function follow(signal: AbortSignal, inner: AbortController): () => void {
  const abort = () => {
    inner.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => {
    signal.removeEventListener('abort', abort);
  };
}

/** The error of a node that was too slow. */
export class Late extends Error {
  constructor(
    message: string,
    /** True when the answer had begun. */
    readonly hasBegun: boolean,
  ) {
    super(message);
  }
}

/** The error of a node that did not answer within ms. */
export function noAnswer(ms: number): Late {
  return new Late(`no answer within ${Math.round(ms / 100) / 10} s`, false);
}

/** The error of a node whose answer began, but was not complete after ms. */
export function incomplete(ms: number): Late {
  return new Late(`the answer was not complete after ${Math.round(ms / 100) / 10} s`, true);
}

/** Rejects with the signal's reason when it fires. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Runs work under a signal that fires with the outer one, or with `late` after ms. */
export async function within<T>(
  limit: { readonly ms: number; readonly clock: Clock; readonly late: Error },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const letGo = follow(signal, inner);
  const timer = new AbortController();
  limit.clock.sleep(limit.ms, timer.signal).then(
    () => {
      inner.abort(limit.late);
    },
    () => undefined,
  );
  try {
    return await work(inner.signal);
  } finally {
    letGo();
    timer.abort(new Error('done'));
  }
}
