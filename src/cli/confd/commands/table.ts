import type { Command } from './command.ts';
import { completion } from './completion.ts';
import { help } from './help.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [help, completion];
