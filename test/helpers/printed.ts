import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** The command lines of the README, without what is explained behind them. */
export function printedCommands(): string[] {
  const outside = readme.replace(/^```[^]*?^```/gm, '');
  return [...outside.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line!.replace(/\s+#\s.*$/, '').trimEnd());
}
