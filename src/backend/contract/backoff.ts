const firstMs = 1000;
const maxMs = 60_000;

/**
 * The delay after attempt number `attempt` (from 1): about 1 s, doubling to about a minute. The second half is random,
 * so that many agents do not retry at the same moment.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 16));
  return Math.round(full / 2 + (full / 2) * random());
}

/**
 * A delay of 0.1 to 1.1 s before something that many agents do at the same time: reconnecting, and reading everything
 * after their history was lost.
 */
export function jitterMs(random: () => number = Math.random): number {
  return Math.round(100 + 1000 * random());
}
