import type { Chosen } from '../../config/setting.ts';
import type { NamedSource, Sources } from '../../config/sources.ts';
import { formatValue } from '../../go/flag.ts';
import { maskUserinfo, redact } from '../../go/redact.ts';

/** The table of -print-config: each setting, its value and where it was set. Secrets that are set are shown as ***. */
export function printConfig(chosen: ReadonlyMap<string, Chosen>, named: Sources['named'] = new Map()): string {
  const all = rowsOf(chosen, '');
  const sources = [...named].flatMap(([name, source]) => sourceRows(name, source));
  const table = [['SETTING', 'VALUE', 'SET BY'] as const, ...all, ...sources];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map(([a, b, c]) => `${a.padEnd(widths[0]!)}  ${b.padEnd(widths[1]!)}  ${c}\n`).join('');
}

type Row = readonly [name: string, value: string, source: string];

function rowsOf(chosen: ReadonlyMap<string, Chosen>, start: string): Row[] {
  return [...chosen.values()]
    .filter(({ setting }) => setting.toml !== null || setting.env.length > 0)
    .map((one) => [start + one.setting.name, shown(one), source(one)]);
}

/** The rows of one source. */
function sourceRows(name: string, { chosen }: NamedSource): Row[] {
  return rowsOf(new Map([...chosen].filter(([, { from }]) => from !== 'default')), `source.${name}.`);
}

function shown({ setting, value }: Chosen): string {
  // A value that may be a secret is masked: the backend may be set by a file that is read later, or be misspelt.
  if (setting.secret !== undefined) return value === '' ? '""' : '***';
  if (setting.kind === 'string') return JSON.stringify(redact(value as string));
  if (setting.kind === 'list') {
    const mask = setting.address === true ? maskUserinfo : redact;
    return JSON.stringify((value as readonly string[]).map(mask));
  }
  return formatValue(setting.kind, value);
}

function source({ from, where }: Chosen): string {
  return from === 'default' ? 'default' : `${from} ${where}`;
}
