import type { Command } from './command.ts';
import { dataFlag } from './data-flag.ts';

/** `confd diff`. */
export const diff: Command = {
  name: 'diff',
  summary: 'show how the files on disk differ from what would be written; exit 0 the same, 1 different, 2 error',
  operands: '[FILE...]',
  flags: [dataFlag],
  takesSettings: true,
  run: async (line) => (await line.loadPreviews()).diff(line),
};
