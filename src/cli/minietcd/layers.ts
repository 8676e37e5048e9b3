import { asBool, asString, asTable, findEntry, unknownKeys } from '../../config/toml-fields.ts';
import { tomlError, type TomlEntry, type TomlFile, type TomlTable } from '../../config/toml.ts';
import { parseFlags, type FlagSpec, type FlagValue } from '../../go/flag.ts';
import { redact } from '../../go/redact.ts';
import { oldNames, rows, type Row } from './settings.ts';
import { maintenance } from './maintenance.ts';
import { transfers } from './transfer-commands.ts';

/** A setting that cannot be used; the message says where it was made, and what to do. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/**
 * A value, and where it was set: `-addr`, `ETCD_ADDR`, `/etc/etcd/etcd.conf:3: addr`. Lists are separated by commas.
 */
export interface Given {
  readonly value: string | boolean;
  readonly where: string;
}

/** The settings of one layer: flags, environment or file. */
export interface Layers {
  readonly given: ReadonlyMap<string, Given>;
  /** Messages for the operator, one line each. */
  readonly warnings: readonly string[];
}

/** Reads the command line. Throws FlagError, or SettingError for words that are not flags. */
export function fromArguments(args: readonly string[]): Layers {
  const specOf = new Map(rows.map(({ spec }) => [spec.name, spec]));
  const old = [...oldNames].map(([name, long]): FlagSpec => ({ ...specOf.get(long)!, name }));
  const { set, rest } = parseFlags(args, [...specOf.values(), ...old]);
  if (/^(?:true|false)$/.test(rest[0] ?? '')) {
    throw new SettingError(
      `unexpected argument: ${rest[0]}; a boolean flag takes its value after "=", as in -snapshot=false`,
    );
  }
  if (rest.length > 0) {
    const commands = [...maintenance, ...transfers].join(', ');
    throw new SettingError(
      `unexpected argument: ${redact(rest[0]!)}; mini-etcd takes only flags, or one of the commands ${commands}`,
    );
  }
  const given = new Map<string, Given>();
  const warnings: string[] = [];
  for (const [name, value] of set) {
    const long = oldNames.get(name);
    if (long !== undefined) warnings.push(`[deprecated] use -${long}, not -${name}`);
    if (long === undefined || !set.has(long)) given.set(long ?? name, { value: plain(value), where: `-${name}` });
  }
  return { given, warnings };
}

function plain(value: FlagValue): string | boolean {
  return typeof value === 'boolean' ? value : String(value);
}

/** Reads the variables as etcd does: trimmed, empty means unset, and any text but 0 and false is true. */
export function fromEnvironment(env: ReadonlyMap<string, string>): Layers {
  const given = new Map<string, Given>();
  for (const { spec, env: names } of rows) {
    const where = names.find((name) => (env.get(name) ?? '').trim() !== '');
    if (where === undefined) continue;
    const text = env.get(where)!.trim();
    given.set(spec.name, { value: spec.kind === 'bool' ? text !== '0' && text !== 'false' : text, where });
  }
  const known = new Set(rows.flatMap(({ env: names }) => names));
  const unknown = [...env.keys()].filter((name) => name.startsWith('ETCD_') && !known.has(name));
  return { given, warnings: unknown.map((name) => `unrecognized environment variable ${name} is ignored`) };
}

/** Reads a file. Throws ConfigError, with the line, for a value of the wrong type. */
export function fromFile(file: TomlFile): Layers {
  const given = new Map<string, Given>();
  const warnings: string[] = [];
  const tables = new Map<string, TomlTable>([['', file.table]]);
  for (const name of ['peer', 'cluster']) {
    const entry = findEntry(file.table, name);
    if (entry !== undefined) tables.set(name, asTable(file.file, entry));
  }
  for (const row of rows) {
    const [key, table = ''] = [...row.toml].reverse();
    const entry = key === undefined ? undefined : findEntry(tables.get(table) ?? new Map<string, TomlEntry>(), key);
    if (entry === undefined) continue;
    const line = entry.line === null ? '' : `:${entry.line}`;
    given.set(row.spec.name, { value: valueOf(file.file, row, entry), where: `${file.file}${line}: ${key}` });
  }
  for (const [name, table] of tables) {
    const own = rows.filter(({ toml }) => toml.length > 0 && (toml.length === 2 ? toml[0] : '') === name);
    const known = own.map(({ toml }) => toml.at(-1)!);
    const unknown = unknownKeys(file, table, name === '' ? [...known, 'peer', 'cluster'] : known);
    warnings.push(...unknown.map(({ message }) => message));
  }
  return { given, warnings };
}

/** A number may be written without a decimal point, and a list as one string. */
function valueOf(file: string, { spec }: Row, entry: TomlEntry): string | boolean {
  if (spec.kind === 'bool') return asBool(file, entry);
  if (typeof entry.value === 'number' || typeof entry.value === 'bigint') {
    if (numeric.has(spec.name)) return String(entry.value);
  } else if (numeric.has(spec.name)) throw tomlError(file, entry, 'a number is expected');
  if (Array.isArray(entry.value) && lists.has(spec.name)) {
    return (entry.value as readonly TomlEntry[]).map((item) => asString(file, item)).join(',');
  }
  return asString(file, entry);
}

const lists = new Set(['cors', 'peers', 'bind-addr', 'listen-client-urls', 'advertise-client-urls']);
const numeric = new Set([
  'cluster-active-size',
  'cluster-remove-delay',
  'cluster-sync-interval',
  'http-read-timeout',
  'http-write-timeout',
  'max-result-buffer',
  'max-retry-attempts',
  'max-snapshots',
  'max-wals',
  'peer-election-timeout',
  'peer-heartbeat-interval',
  'retry-interval',
  'snapshot-count',
]);
