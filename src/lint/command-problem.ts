import type { Code } from './rules.ts';

/** What is wrong with a command, and of which key it is the text. */
export interface CommandProblem {
  readonly key: 'check_cmd' | 'reload_cmd';
  readonly code: Code;
  readonly message: string;
}
