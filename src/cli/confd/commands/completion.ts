import { writeTo } from '../../process/output.ts';
import type { Command } from './command.ts';
import { completionScript } from './usage.ts';

/** `confd completion`. */
export const completion: Command = {
  name: 'completion',
  summary: 'print a shell script for completion in bash or zsh',
  operands: '',
  flags: [],
  takesSettings: false,
  run: async ({ program, commands }) => {
    writeTo(1, await completionScript({ program, commands, command: null }));
    return 0;
  },
};
