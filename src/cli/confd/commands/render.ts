import type { Command } from './command.ts';
import { dataFlag } from './data-flag.ts';

/** `confd render`. */
export const render: Command = {
  name: 'render',
  summary: 'print what would be written, without writing it, checking it or reloading anything',
  operands: '[FILE...]',
  flags: [
    dataFlag,
    {
      name: 'o',
      kind: 'string',
      default: '',
      usage: 'write the files below this `directory` instead of printing them',
    },
  ],
  takesSettings: true,
  run: async (line) => (await line.loadPreviews()).print(line),
};
