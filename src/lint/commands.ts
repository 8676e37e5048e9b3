import type { ResourceSpec } from '../config/resources.ts';
import { AgentError } from '../agent/resource/error.ts';
import { compileCommand } from '../agent/resource/command-text.ts';
import { type CheckTrap, type Service, serviceCalled } from '../services/services.ts';
import { TemplateError } from '../template/engine/engine.ts';
import type { CommandProblem } from './command-problem.ts';
import { reloadProblems } from './reload.ts';
import { type Call, callOf, readShell, textOf } from './shell.ts';
import { lostStatus } from './status.ts';

/** What is wrong with the commands of a resource; none of them is run. */
export function commandProblems(spec: ResourceSpec): CommandProblem[] {
  return [...refusals(spec), ...checkProblems(spec), ...reloadProblems(spec)];
}

/** What the agent says of the texts when it loads the resource. */
function refusals({ checkCmd, reloadCmd, dest }: ResourceSpec): CommandProblem[] {
  const texts = [['check_cmd', checkCmd] as const, ['reload_cmd', reloadCmd] as const];
  return texts.flatMap(([key, text]): CommandProblem[] => {
    if (text.includes('\0')) return [{ key, code: 'invalid-command', message: `${key} holds a NUL byte` }];
    try {
      const { command, warnings } = compileCommand(key, text, null);
      command?.text({ src: dest, dest });
      return warnings.map((message) => ({ key, code: 'command-placeholder', message }));
    } catch (error) {
      if (!(error instanceof AgentError || error instanceof TemplateError)) throw error;
      return [{ key, code: 'invalid-command', message: error.message }];
    }
  });
}

const namesStageFile = /\.src\b|CONFD_SRC\b/;

function checkProblems({ checkCmd, dest }: ResourceSpec): CommandProblem[] {
  const key = 'check_cmd';
  const shell = readShell(checkCmd);
  if (shell.commands.length === 0) return [];
  const why = lostStatus(shell, checkCmd);
  const lost: CommandProblem[] = why === null ? [] : [{ key, code: 'check-finds-nothing', message: why }];
  const calls = shell.commands.flatMap((command) => callOf(command) ?? []);
  if (namesStageFile.test(checkCmd)) {
    const traps = calls.flatMap((call) => trapsOf(call, { text: checkCmd, dest }));
    return [...lost, ...traps.map(({ kind, why: message }): CommandProblem => ({ key, code: kind, message }))];
  }
  const checker = calls.map(checkerOf).find((service) => service !== null);
  const namesDest = /\.dest\b|CONFD_DEST\b/.test(checkCmd) || (dest.length > 1 && checkCmd.includes(dest));
  if (checker === undefined && !namesDest) return lost;
  const check = checker?.check ?? null;
  const advice = check === null ? '' : `; for ${checker!.name}: ${check}`;
  const message = `check_cmd does not name {{.src}}: it judges the file that is there, and not the new one${advice}`;
  return [...lost, { key, code: 'check-of-old-file', message }];
}

/** The service whose configuration the call judges; null for a call that is no check. */
function checkerOf(call: Call): Service | null {
  const { program, args } = call;
  const service = serviceCalled(program === 'service' ? (args[0] ?? '') : program);
  if (service === undefined) return null;
  if (program === 'service') return args[1] === 'configtest' ? service : null;
  return service.checks?.test(textOf(call)) === true ? service : null;
}

function trapsOf(call: Call, { text, dest }: { readonly text: string; readonly dest: string }): readonly CheckTrap[] {
  const joined = textOf(call);
  const traps = serviceCalled(call.program)?.checkTraps ?? [];
  return traps.filter(
    ({ call: pattern, unlessCall, unlessText, dest: only }) =>
      pattern.test(joined) &&
      unlessCall?.test(joined) !== true &&
      unlessText?.test(text) !== true &&
      only?.test(dest) !== false,
  );
}
