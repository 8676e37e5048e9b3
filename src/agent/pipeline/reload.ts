import type { Clock } from '../../obs/clock.ts';
import { type Command, type CommandFiles, run, type CommandDeps } from '../resource/command.ts';
import { AgentError } from '../resource/error.ts';
import type { ReloadLedger } from './reload-ledger.ts';
import type { Resource } from '../resource/resource.ts';

/** What a reload needs besides its command. */
export interface ReloadDeps extends CommandDeps {
  readonly ledger: ReloadLedger;
}

/** After this many interrupted runs in a row, the reload itself is assumed to stop confd. */
const maxStops = 2;

/** Records in the ledger that dest, which is about to be replaced, will need a reload. */
export async function intend(resource: Resource, md5: string, ledger: ReloadLedger, clock: Clock): Promise<void> {
  if (resource.reload === null) return;
  const { dest, file, spec } = resource;
  const since = new Date(clock.now()).toISOString();
  await ledger.put({ dest, resource: file, command: spec.reloadCmd, md5, since, stops: 0 });
}

/**
 * Runs reload_cmd and clears the entry of dest in the ledger when the command has worked. Throws AgentError with confd's
 * bare text ("exit status 1"), or TemplateError.
 */
export async function reload(command: Command, files: CommandFiles, deps: ReloadDeps): Promise<void> {
  const { dest } = files;
  const { ledger, ending } = deps;
  const entry = await ledger.find(dest);
  const stops = { count: entry?.stops ?? 0, noted: Promise.resolve() };
  const note = (count: number) => {
    stops.noted = entry === null ? Promise.resolve() : ledger.put({ ...entry, stops: count });
  };
  const onEnding = () => {
    note(stops.count + 1);
  };
  ending?.signal.addEventListener('abort', onEnding, { once: true });
  const failure = await run(command, files, deps).finally(() => {
    ending?.signal.removeEventListener('abort', onEnding);
  });
  await stops.noted;
  if (failure === null) return ledger.clear(dest);
  if (endedByItself(failure) && ending?.signal.aborted === true) note(0);
  await stops.noted;
  throw new AgentError(failure);
}

/** True for an exit status that the command chose; a shell reports above 128 for a program that a signal killed. */
function endedByItself(failure: string): boolean {
  const status = /^exit status (\d+)$/.exec(failure)?.[1];
  return status !== undefined && Number(status) <= 128;
}

/**
 * Whether a pending reload of an unchanged dest is to be run now; logs the decision. Removes an entry that will not be
 * run again: if run after run was asked to end during the reload, the command restarts confd itself, has done its work,
 * and would otherwise run for ever.
 */
export async function isRetryDue(
  resource: Resource,
  { ledger, log }: Pick<ReloadDeps, 'ledger' | 'log'>,
): Promise<boolean> {
  const { dest, file, spec } = resource;
  const entry = await ledger.find(dest);
  if (entry === null) return false;
  if (spec.reloadCmd === '') {
    log.info(`The pending reload of ${dest} is dropped: its resource no longer has a reload_cmd (${file})`);
    await ledger.clear(dest);
    return false;
  }
  if (resource.reload === null) return false;
  if (entry.stops >= maxStops && entry.command === spec.reloadCmd) {
    log.warning(
      `The pending reload of ${dest} is not run again: confd was asked to stop ${entry.stops} times while it ` +
        `ran, so it seems to restart confd itself. If not, run it by hand: ${spec.reloadCmd} (${file})`,
    );
    await ledger.clear(dest);
    return false;
  }
  log.info(`Target config ${dest} in sync, but its last reload failed or was cut short: running it again`);
  return true;
}
