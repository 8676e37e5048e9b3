import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import type { Difference } from './compare.ts';
import { AgentError } from '../resource/error.ts';
import { LogThrottle } from '../../obs/log-throttle.ts';
import type { RepeatLog } from './repeat-log.ts';
import type { Resource } from '../resource/resource.ts';

/** The rooms of a pass, in the order in which they are met. */
export type Step = 'render' | 'compare' | 'stage' | 'check' | 'swap' | 'reload';

/** How a resource's pass ended. */
export type Outcome =
  /** dest was as wished; `reloaded` when a reload that was pending has been made now */
  | { readonly status: 'unchanged'; readonly reloaded: boolean }
  | { readonly status: 'updated'; readonly reloaded: boolean }
  | { readonly status: 'noop'; readonly difference: Difference }
  /** too few keys to render; dest is as it was, `message` says why */
  | { readonly status: 'kept'; readonly message: string }
  /** the agent is stopping; dest is as it was */
  | { readonly status: 'stopped' }
  /** `pending`: a reload is still to be made, by this pass's doing or from before */
  | { readonly status: 'failed'; readonly step: Step; readonly error: Error; readonly pending: boolean };

/** What logs the closing lines of a resource's passes: the only place that does. Too few keys it tells once a minute. */
export function reporter(resource: Resource, log: RepeatLog, clock: Clock): (outcome: Outcome) => void {
  const throttle = new LogThrottle(clock);
  return (outcome) => {
    if (outcome.status !== 'kept' || throttle.isDue()) report(outcome, resource, log);
    if (outcome.status === 'stopped') return;
    const times = log.end(outcome.status === 'failed');
    if (outcome.status !== 'failed' || times < 2) return;
    const { step, pending, error } = outcome;
    log.again(`${consequence(step, pending, resource)}, ${times} times in a row for the same reason: ${error.message}`);
  };
}

function report(outcome: Outcome, resource: Resource, log: Logger): void {
  const { dest } = resource;
  switch (outcome.status) {
    case 'unchanged':
      if (outcome.reloaded)
        log.info(`Target config ${dest} in sync; the reload that was pending has been run and worked`);
      else log.debug(`Target config ${dest} in sync`);
      return;
    case 'updated':
      log.info(`Target config ${dest} has been updated`);
      return;
    case 'noop':
      log.warning(`Noop mode enabled. ${dest} will not be modified`);
      return;
    case 'kept':
      log.warning(outcome.message);
      return;
    case 'stopped':
      log.debug(`Target config ${dest} left as it was: stopping`);
      return;
    case 'failed':
      log.error(outcome.error.message);
      if (outcome.error instanceof AgentError) for (const line of outcome.error.advice) log.error(line);
      log.warning(consequence(outcome.step, outcome.pending, resource));
  }
}

/** confd's error texts name neither the resource nor what has become of dest. */
function consequence(step: Step, pending: boolean, { dest, file }: Resource): string {
  if (step === 'reload') return `Target config ${dest} is in place, but its reload failed and is pending (${file})`;
  const also = pending ? '; a reload is pending' : '';
  return `Target config ${dest} not updated: failed at ${step}${also} (${file})`;
}
