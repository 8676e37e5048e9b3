import { oldSettings, settings } from '../../../config/flags.ts';
import { type FlagSpec, type ParsedFlags, parseFlags } from '../../../go/flag.ts';
import { writeTo } from '../../process/output.ts';
import type { Command, CommandLine } from './command.ts';
import { refuseCommand, refuseFlags } from './refuse.ts';
import { commands } from './table.ts';
import { commandUsage, completions } from './usage.ts';

export { refuseFlags } from './refuse.ts';
export { usage } from './usage.ts';

/** Runs the command that the first word names; resolves to its exit code, 2 for a wrong command line. */
export async function runCommand(
  program: string,
  [word = '', ...args]: readonly string[],
  env: ReadonlyMap<string, string>,
  loadPreviews: CommandLine['loadPreviews'],
): Promise<number> {
  const command = commands.find(({ name }) => name === word);
  if (command === undefined) return refuseCommand(program, word, commands);
  let parsed: ParsedFlags;
  try {
    parsed = parseFlags(args, flagsOf(command));
  } catch (error) {
    return refuseFlags(`${program} ${word}`, error, () => commandUsage(program, command));
  }
  const { set: flags, rest: operands } = parsed;
  const wrong = wrongOperand(command, operands);
  if (wrong !== null) {
    writeTo(2, `${program} ${word}: ${wrong}\n`);
    return 2;
  }
  return command.run({ program, flags, operands, env, loadPreviews, commands });
}

/** Answers the script of `confd completion`. */
export async function complete(program: string, words: readonly string[]): Promise<number> {
  const found = await completions({ program, commands, command: null }, words);
  writeTo(1, found.map((word) => `${word}\n`).join(''));
  return 0;
}

/** Flags of the agent only. */
const ofTheAgent: ReadonlySet<string> = new Set(['version', 'print-config']);

function flagsOf({ flags, takesSettings }: Command): readonly FlagSpec[] {
  if (!takesSettings) return flags;
  return [...flags, ...settings.filter(({ name }) => !ofTheAgent.has(name)), ...oldSettings];
}

/** What is wrong with the words after the flags, or null. */
function wrongOperand({ operands: allowed }: Command, operands: readonly string[]): string | null {
  const flag = operands.find((word) => /^-./.test(word));
  if (flag !== undefined)
    return `${/^[^=]*/.exec(flag)![0]} must be written before "${operands[0]!}": flags come first`;
  const max = allowed === '' ? 0 : allowed.includes('...') ? Infinity : 1;
  return operands.length > max ? `unexpected argument "${operands[max]!}"` : null;
}
