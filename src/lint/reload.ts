import type { ResourceSpec } from '../config/resources.ts';
import { type Service, serviceCalled } from '../services/services.ts';
import type { CommandProblem } from './command-problem.ts';
import { type Call, callOf, readShell, textOf } from './shell.ts';
import { lostStatus } from './status.ts';

/** What a reload_cmd does not tell, and where it does not reload. */
export function reloadProblems({ reloadCmd, dest }: ResourceSpec): CommandProblem[] {
  const key = 'reload_cmd';
  const shell = readShell(reloadCmd);
  const lost = lostStatus(shell, reloadCmd);
  if (lost !== null) return [{ key, code: 'reload-reports-nothing', message: lost }];
  const last = shell.commands.at(-1);
  const call = last === undefined ? null : callOf(last);
  if (call === null || shell.isCompound) return [];
  const service = signalled(call);
  if (service?.onSignal === 'nothing' && service.configuration?.test(dest) !== false) {
    const message = `a signal does not make ${service.name} read its configuration${advice(service)}`;
    return [{ key, code: 'reload-without-effect', message }];
  }
  // What checks in front of a signal has told by then what the signal cannot.
  const signal = service === null || shell.commands.length > 1 ? null : signalProblem(service);
  const message = signal ?? unitProblem(call) ?? programProblem(call, reloadCmd);
  if (message !== null) return [{ key, code: 'reload-reports-nothing', message }];
  const skips = tryProblem(call) ?? initProblem(call);
  return skips === null ? [] : [{ key, code: 'reload-when-stopped', message: skips }];
}

/** A service of which nothing is known. */
const unknown: Pick<Service, 'name' | 'reload'> & Partial<Service> = { name: 'the service', reload: null };

/** The service that the call sends a signal to, as far as that can be known; null for a call that sends none. */
function signalled({ program, args }: Call): typeof unknown | null {
  const words = [...args].filter((word) => !word.startsWith('-'));
  const isKill =
    (['kill', 'pkill', 'killall'].includes(program) && args[0] !== '-0') ||
    (['systemctl', 'docker', 'podman'].includes(program) && words[0] === 'kill');
  if (!isKill) return null;
  return (
    words.flatMap((word) => serviceCalled(unitName(/([\w.-]+)\.pid\b/.exec(word)?.[1] ?? word)) ?? [])[0] ?? unknown
  );
}

function unitName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1).replace(/\.service$/, '');
}

function signalProblem(service: typeof unknown): string {
  const ends = service.onSignal === 'ends' ? `, and ${service.name} ends if it did not` : '';
  return `a signal is sent, and nobody hears whether ${service.name} took the new file${ends}${advice(service)}`;
}

function advice({ name, reload }: Pick<Service, 'name' | 'reload'>): string {
  return reload === null ? '' : `; for ${name}: ${reload}`;
}

function unitProblem({ program, args }: Call): string | null {
  if (program !== 'systemctl') return null;
  if (args.includes('--no-block')) return 'systemctl --no-block exits with 0 before anything is done';
  const [verb = '', unit = ''] = args.filter((word) => !word.startsWith('-'));
  if (!/reload/.test(verb)) return null;
  const service = serviceCalled(unitName(unit));
  return service?.unitReload === undefined ? null : `${service.unitReload}${advice(service)}`;
}

function tryProblem({ program, args }: Call): string | null {
  const verb = program === 'systemctl' ? args.find((word) => !word.startsWith('-')) : undefined;
  const skips = ['try-reload-or-restart', 'try-restart', 'reload-or-try-restart', 'condrestart', 'force-reload'];
  return verb !== undefined && skips.includes(verb)
    ? `systemctl ${verb} exits with 0 when the service does not run`
    : null;
}

function initProblem({ program, args }: Call): string | null {
  const [name = program, verb = args[0]] = program === 'service' || program === 'invoke-rc.d' ? args : [];
  const service = serviceCalled(name);
  if (service?.initReload === undefined || (verb !== 'reload' && verb !== 'force-reload')) return null;
  return service.initReload;
}

function programProblem(call: Call, text: string): string | null {
  const joined = textOf(call);
  if (call.program === 'curl' && !/ (?:-[a-zA-Z]*f[a-zA-Z]*|--fail\S*)(?: |$)/.test(joined))
    return 'curl exits with 0 for an answer of 500: write -f';
  const trap = serviceCalled(call.program)?.reloadTraps?.find(
    ({ call: pattern, unlessCall, unlessText }) =>
      pattern.test(joined) && unlessCall?.test(joined) !== true && unlessText?.test(text) !== true,
  );
  return trap?.why ?? null;
}
