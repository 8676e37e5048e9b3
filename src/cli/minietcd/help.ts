import { usageText } from '../../go/flag.ts';
import { oldNames, rows, type Row } from './settings.ts';
import { maintenance } from './maintenance.ts';
import { transfers } from './transfer-commands.ts';

/** The help text of mini-etcd: a line for each flag that has an effect, only the names of the others. */
export function etcdUsage(): string {
  const used = rows.filter((row) => !isIdle(row) && !isRefused(row));
  const flags = (some: readonly Row[]) => some.map(({ spec }) => `-${spec.name}`);
  const paragraphs: readonly (readonly [string, readonly string[]])[] = [
    ['Flags of etcd that have no effect here; a warning says why', flags(rows.filter(isIdle))],
    ['Flags of etcd that are refused; the error says what to use instead', flags(rows.filter(isRefused))],
    ['Old names of flags', [...oldNames].map(([old, name]) => `-${old} (-${name})`)],
    ['Commands; each has its own help (mini-etcd backup -h)', [...maintenance, ...transfers]],
  ];
  const text = paragraphs.map(([title, words]) => `\n${title}:\n${wrap([...words].sort())}`);
  const head = usageText(
    'mini-etcd',
    used.map(({ spec }) => spec),
  );
  return `${head}${text.join('')}`;
}

function isIdle({ fate }: Row): boolean {
  return fate !== 'used' && 'warns' in fate;
}

function isRefused({ fate }: Row): boolean {
  return fate !== 'used' && 'refuses' in fate;
}

function wrap(words: readonly string[]): string {
  const lines: string[] = [' '];
  for (const word of words) {
    const line = lines.pop()!;
    if (line.length + word.length < 110) lines.push(`${line} ${word}`);
    else lines.push(line, `  ${word}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
