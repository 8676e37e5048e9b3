import type { Command } from './command.ts';
import { completion } from './completion.ts';
import { diff } from './diff.ts';
import { help } from './help.ts';
import { lint } from './lint.ts';
import { render } from './render.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [render, diff, lint, help, completion];
