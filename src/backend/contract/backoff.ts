const firstMs = 1000;
const maxMs = 60_000;

/**
 * How long to wait before attempt number `attempt` (from 1) is repeated: about 1 s, doubling to about a minute. The
 * second half of each wait is random, so that a fleet does not come back in step.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 16));
  return Math.round(full / 2 + (full / 2) * random());
}

/**
 * A moment, 0.1 to 1.1 s, before what a whole fleet does together: asking again when its connections broke, and reading
 * everything when the history that it followed is gone.
 */
export function jitterMs(random: () => number = Math.random): number {
  return Math.round(100 + 1000 * random());
}
