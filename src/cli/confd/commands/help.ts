import { writeTo } from '../../process/output.ts';
import type { Command } from './command.ts';
import { refuseCommand } from './refuse.ts';
import { helpScreen } from './usage.ts';

/** `confd help [COMMAND]`. */
export const help: Command = {
  name: 'help',
  summary: 'explain the flags by topic, or the flags of one command',
  operands: '[COMMAND]',
  flags: [],
  takesSettings: false,
  run: async ({ program, operands: [name], commands }) => {
    const command = commands.find((each) => each.name === name) ?? null;
    if (name !== undefined && command === null) return refuseCommand(program, name, commands);
    writeTo(1, await helpScreen({ program, commands, command }, process.stdout.columns || 80));
    return 0;
  },
};
