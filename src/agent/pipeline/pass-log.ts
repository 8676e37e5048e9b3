import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { LogThrottle } from '../../obs/log-throttle.ts';
import type { Failure } from './outcome.ts';
import type { PassReader, PassRecord } from './pass-record.ts';
import type { RepeatLog } from './repeat-log.ts';

/** Writes the log lines that end a pass of one resource. Too few keys are logged once a minute. */
export function passLog(log: RepeatLog, clock: Clock): PassReader {
  const throttle = new LogThrottle(clock);
  return (record) => {
    const { outcome } = record;
    if (outcome.status !== 'kept' || throttle.isDue()) tell(record, log);
    // A bug is logged in full each time: a report should hold everything that is known.
    if (outcome.status === 'stopped' || (outcome.status === 'failed' && outcome.isBug)) return;
    const times = log.end(outcome.status === 'failed');
    if (outcome.status !== 'failed' || times < 2) return;
    log.again(`${consequence(outcome, record)}, ${times} times in a row for the same reason: ${outcome.message}`);
  };
}

function tell(record: PassRecord, log: Logger): void {
  const { outcome, dest } = record;
  switch (outcome.status) {
    case 'unchanged':
      if (outcome.reloaded) log.info(`Target config ${dest} in sync; its pending reload has been run and succeeded`);
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
      log.error(outcome.message);
      if (outcome.isBug || outcome.step === 'read') return; // the message is complete
      for (const line of outcome.hints) log.error(line);
      log.warning(consequence(outcome, record));
  }
}

/** confd's error texts name neither the resource nor the state of dest. */
function consequence({ step, pending }: Failure, { dest, file }: PassRecord): string {
  if (step === 'reload') return `Target config ${dest} is in place, but its reload failed and is pending (${file})`;
  const also = pending ? '; a reload is pending' : '';
  return `Target config ${dest} not updated: failed at ${step}${also} (${file})`;
}
