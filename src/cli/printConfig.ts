import { maskUserinfo } from '../backend/nodes.ts';
import type { Chosen } from '../config/setting.ts';
import type { NamedSource, Sources } from '../config/sources.ts';
import { formatValue } from '../go/flag.ts';

/** The table of -print-config: each setting, its value and who set it. Secrets that are set show as ***. */
export function printConfig(chosen: ReadonlyMap<string, Chosen>, named: Sources['named'] = new Map()): string {
  const all = rowsOf(chosen, '');
  const sources = [...named].flatMap(([name, source]) => sourceRows(name, source));
  const table = [['SETTING', 'VALUE', 'SET BY'] as const, ...all, ...sources];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map(([a, b, c]) => `${a.padEnd(widths[0]!)}  ${b.padEnd(widths[1]!)}  ${c}\n`).join('');
}

type Row = readonly [name: string, value: string, source: string];

function rowsOf(chosen: ReadonlyMap<string, Chosen>, start: string): Row[] {
  const isRedis = chosen.get('backend')?.value === 'redis';
  return [...chosen.values()]
    .filter(({ setting }) => setting.toml !== null || setting.env.length > 0)
    .map((one) => [start + one.setting.name, shown(one, isRedis), source(one)]);
}

/** A source in as many rows as its table has. */
function sourceRows(name: string, { chosen }: NamedSource): Row[] {
  return rowsOf(new Map([...chosen].filter(([, { from }]) => from !== 'default')), `source.${name}.`);
}

function shown({ setting, value }: Chosen, isRedis: boolean): string {
  const isSecret = setting.secret === true || (setting.secret === 'redis' && isRedis);
  if (isSecret) return value === '' ? '""' : '***';
  if (setting.kind === 'string') return JSON.stringify(withoutPassword(value as string));
  if (setting.kind === 'list') {
    const mask = setting.name === 'node' ? maskUserinfo : withoutPassword;
    return JSON.stringify((value as readonly string[]).map(mask));
  }
  return formatValue(setting.kind, value);
}

/** An address may carry a name and a password. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/\s]*@/g, '//***@');
}

function source({ from, where }: Chosen): string {
  return from === 'default' ? 'default' : `${from} ${where}`;
}
