import type { Clock } from '../../obs/clock.ts';
import type { Agent } from './agent.ts';
import type { WakeSignal, WakeReason } from './wake-signal.ts';
import type { PassRecord } from '../pipeline/pass-record.ts';

/** The times of a daemon, in milliseconds. */
export interface Pace {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** A burst of changes is over when nothing changed for this long. */
  readonly debounceMs: number;
  /** The maximum of the random delay before a change is taken, which is also added to the interval. */
  readonly splayMs: number;
}

/** Waits for the next event of a daemon, at most ms. */
type Wait = (wakeSignal: WakeSignal, ms: number, pace: Pace) => Promise<ReadonlySet<WakeReason>>;

/** A burst that does not end is rendered after this many debounce times. */
const maxBurst = 20;

/** Runs one pass of all resources; returns the failures, which have been logged. Throws BackendError. */
export async function onetime(agent: Agent, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { errors, isEmpty } = await agent.load();
    if (isEmpty) return errors.length > 0 ? errors : ['there are no template resources'];
    const records = await agent.passOnce(signal);
    return [...errors, ...records.flatMap(failuresOf)];
  } finally {
    await agent.stop();
  }
}

function failuresOf({ outcome }: PassRecord): readonly string[] {
  return outcome.status === 'failed' || outcome.status === 'kept' ? [outcome.message] : [];
}

/** Runs all resources at every interval, and when conf.d or a template is edited, until the signal fires. */
export async function interval(agent: Agent, pace: Pace, signal: AbortSignal): Promise<ReadonlySet<string>> {
  return serve(agent, pace, signal, (wakeSignal, ms) => wakeSignal.next(ms, pace.clock));
}

/** Runs the resources that a change concerns at once, and all resources at every interval, until the signal fires. */
export async function watch(agent: Agent, pace: Pace, signal: AbortSignal): Promise<ReadonlySet<string>> {
  return serve(agent, pace, signal, debounce);
}

/** The main loop of a daemon; returns the dests with a pending reload. */
async function serve(agent: Agent, pace: Pace, signal: AbortSignal, wait: Wait): Promise<ReadonlySet<string>> {
  const { clock } = pace;
  signal.addEventListener(
    'abort',
    () => {
      agent.wakeSignal.notify('stop');
    },
    { once: true },
  );
  const isStopping = () => signal.aborted;
  const splay = () => Math.random() * pace.splayMs;
  let takeAt = Infinity;
  await agent.load();
  while (!isStopping()) {
    agent.refresh({ intervalMs: pace.intervalMs + splay(), isWatching: wait === debounce });
    const ms = Math.min(pace.intervalMs, Math.max(0, Math.min(agent.nextRefresh, takeAt) - clock.now()));
    const reasons = await wait(agent.wakeSignal, ms, pace);
    if (reasons.has('read')) agent.takeReads();
    // The first change sets the time; later changes before it are taken together with it.
    if (takeAt === Infinity && (reasons.has('change') || reasons.has('look'))) takeAt = clock.now() + splay();
    const isTaking = takeAt <= clock.now();
    if (isTaking) {
      takeAt = Infinity;
      agent.takeChanges();
    }
    if (reasons.has('dest')) agent.lookAtDests();
    const isPass = (reasons.has('timer') && !isTaking) || reasons.has('hangup');
    if (isPass || reasons.has('edit')) {
      await agent.load(!isPass);
      if (reasons.has('hangup')) agent.refreshSoon();
      else if (reasons.has('edit')) await agent.scheduleEdited();
    }
  }
  return agent.stop();
}

/** Waits like interval, but until a burst of changes is over. */
async function debounce(
  wakeSignal: WakeSignal,
  ms: number,
  { clock, debounceMs }: Pace,
): Promise<ReadonlySet<WakeReason>> {
  const reasons = new Set(await wakeSignal.next(ms, clock));
  const isBurst = reasons.has('change') && !reasons.has('read') && debounceMs > 0;
  for (let quiet = 0; quiet < maxBurst && isBurst; quiet++) {
    const more = await wakeSignal.next(debounceMs, clock);
    for (const reason of more) if (reason !== 'timer') reasons.add(reason);
    // A read does not wait for a burst, which may be in another store.
    if (!more.has('change') || more.has('read')) break;
  }
  return reasons;
}
