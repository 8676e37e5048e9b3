import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'docs/running.md', 'docs/mini-etcd.md'];

/** The command lines of the README and of the pages for operators, without the comments behind them. */
export function printedCommands(): string[] {
  const text = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n');
  const outside = text.replace(/^```[^]*?^```/gm, '');
  return [...outside.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line!.replace(/\s+#\s.*$/, '').trimEnd());
}
