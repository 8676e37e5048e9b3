import { parseFlags, usageText, type FlagSpec, type FlagValue } from '../go/flag.ts';
import type { Address } from '../minietcd/address.ts';

/** What a command line of mini-etcd comes to. */
export interface ServerSettings {
  /** Undefined: the name that the data directory has, or 'default'. */
  readonly name?: string;
  readonly listen: readonly Address[];
  /** What clients are told; empty: the addresses that it listens on. */
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
  readonly cors: readonly string[];
  /** Where data is kept; undefined: in memory only. */
  readonly dataDir: string | undefined;
  /** How many changes come between snapshots; 0 takes none. */
  readonly snapshotCount: number;
  readonly verbose: boolean;
  readonly version: boolean;
  /** What the operator should know of flags that do nothing, or do something else. */
  readonly warnings: readonly string[];
}

/** A setting that cannot be honoured; the message names the flag and the way out. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** What becomes of a flag: it is used, has no effect (the text says why), or stops the start. */
type Fate = { readonly used: true } | { readonly warns: string } | { readonly refuses: string };

interface Row {
  readonly spec: FlagSpec;
  readonly env: string;
  readonly fate: Fate;
}

const used: Fate = { used: true };
const noTls: Fate = { refuses: 'this release serves plain HTTP only; remove the flag' };
const noCluster: Fate = { warns: 'has no effect: a single node has no peers' };
const oneNode: Fate = { refuses: 'mini-etcd is a single node and joins no cluster; remove the flag' };

function row(name: string, kind: FlagSpec['kind'], usage: string, fate: Fate = used): Row {
  const zero = { string: '', bool: false, int: 0, list: [], duration: 0 }[kind];
  const env = `ETCD_${name.toUpperCase().replaceAll('-', '_')}`;
  return { spec: { name, kind, default: zero, usage }, env: environmentNames.get(name) ?? env, fate };
}

/** Where etcd's environment does not follow the flag's name. */
const environmentNames = new Map([
  ['snapshot-count', 'ETCD_SNAPSHOTCOUNT'],
  ['v', 'ETCD_VERBOSE'],
  ['vv', 'ETCD_VERY_VERBOSE'],
  ['version', ''],
]);

const rows: readonly Row[] = [
  row(
    'addr',
    'string',
    'advertised `host:port` for clients, and where it listens without -bind-addr (default 127.0.0.1:4001 and :2379)',
  ),
  row('bind-addr', 'string', 'listening `host[:port]` for clients, several separated by commas'),
  row('cors', 'string', 'comma separated `origins` whose pages may use the store; * for all'),
  row('name', 'string', 'the `name` of this node (default "default")'),
  row('peer-addr', 'string', '`host:port` shown as peer URL; nothing listens there (default 127.0.0.1:7001)'),
  row('v', 'bool', 'log every change'),
  row('version', 'bool', 'print the version and exit'),
  row('vv', 'bool', 'log every change, as -v'),
  row('vvv', 'bool', 'log every change, as -v'),
  row('data-dir', 'string', '`directory` that keeps the data (default <name>.etcd in the current directory)'),
  row('in-memory', 'bool', 'keep no data on disk: it is gone when mini-etcd stops'),
  row('snapshot', 'bool', 'take snapshots and shorten the log; -snapshot=false lets the log grow (default true)'),
  row('snapshot-count', 'int', 'take a snapshot after so many changes (default 10000)'),
  row('ca-file', 'string', 'not in this release', noTls),
  row('cert-file', 'string', 'not in this release', noTls),
  row('key-file', 'string', 'not in this release', noTls),
  row('config', 'string', 'not in this release: use flags or ETCD_* variables', {
    refuses: 'this release reads no configuration file; use flags or ETCD_* variables',
  }),
  row('force', 'bool', 'refused', { refuses: 'in etcd it deletes the data directory; do that by hand' }),
  row('f', 'bool', 'refused, as -force', { refuses: 'in etcd it deletes the data directory; do that by hand' }),
  row('discovery', 'string', 'refused: a single node', oneNode),
  row('peers', 'string', 'refused: a single node', oneNode),
  row('peers-file', 'string', 'refused: a single node', oneNode),
  row('cpuprofile', 'string', 'no effect', { warns: 'has no effect: use node --cpu-prof' }),
  row('graphite-host', 'string', 'no effect', { warns: 'has no effect: scrape /v2/stats/store instead' }),
  row('trace', 'string', 'no effect', { warns: 'has no effect: read /v2/stats/store instead' }),
  row('http-read-timeout', 'string', 'no effect', { warns: 'has no effect: requests have five minutes to arrive' }),
  row('http-write-timeout', 'string', 'no effect', { warns: 'has no effect: watches are never cut off' }),
  row('max-result-buffer', 'int', 'no effect', { warns: 'has no effect' }),
  ...['peer-bind-addr', 'peer-ca-file', 'peer-cert-file', 'peer-key-file'].map((name) =>
    row(name, 'string', 'no effect', noCluster),
  ),
  ...[
    'cluster-active-size',
    'cluster-remove-delay',
    'cluster-sync-interval',
    'max-retry-attempts',
    'peer-election-timeout',
    'peer-heartbeat-interval',
    'retry-interval',
  ].map((name) => row(name, 'string', 'no effect', noCluster)),
];

/** The help text. */
export function etcdUsage(): string {
  return usageText(
    'mini-etcd',
    rows.map(({ spec }) => spec),
  );
}

/** Reads flags and ETCD_* variables; flags win. Throws FlagError, or SettingError for what cannot be honoured. */
export function readSettings(args: readonly string[], env: ReadonlyMap<string, string>): ServerSettings {
  const { set, rest } = parseFlags(
    args,
    rows.map(({ spec }) => spec),
  );
  if (rest.length > 0) throw new SettingError(`unexpected argument: ${rest[0]}`);
  const given = new Map([...environmentValues(env), ...set]);
  const warnings: string[] = [];
  for (const { spec, fate } of rows) {
    const value = given.get(spec.name);
    if (value === undefined || value === '' || value === false) continue;
    if ('refuses' in fate) throw new SettingError(`-${spec.name}: ${fate.refuses}`);
    if ('warns' in fate) warnings.push(`-${spec.name} ${fate.warns}`);
  }
  return { ...settingsOf(given), warnings };
}

/** As etcd reads them: trimmed, empty is unset, and any word but 0 and false is true. */
function environmentValues(env: ReadonlyMap<string, string>): Map<string, FlagValue> {
  const values = new Map<string, FlagValue>();
  for (const { spec, env: name } of rows) {
    const text = env.get(name)?.trim() ?? '';
    if (text !== '') values.set(spec.name, spec.kind === 'bool' ? text !== '0' && text !== 'false' : text);
  }
  return values;
}

function settingsOf(given: ReadonlyMap<string, FlagValue>): Omit<ServerSettings, 'warnings'> {
  const text = (name: string) => (given.get(name) ?? '') as string;
  const addr = text('addr');
  const bind = text('bind-addr');
  const advertised = addr === '' ? undefined : parseAddress('addr', addr);
  return {
    ...(text('name') === '' ? {} : { name: text('name') }),
    listen: bind === '' ? defaultListen(advertised) : splitList(bind).map((one) => parseBind(one, advertised)),
    clientUrls: advertised === undefined ? [] : [`http://${addr}`],
    peerUrls: [`http://${text('peer-addr') === '' ? '127.0.0.1:7001' : text('peer-addr')}`],
    cors: splitList(text('cors')),
    ...storageOf(given),
    verbose: ['v', 'vv', 'vvv'].some((name) => given.get(name) === true),
    version: given.get('version') === true,
  };
}

function storageOf(given: ReadonlyMap<string, FlagValue>): Pick<ServerSettings, 'dataDir' | 'snapshotCount'> {
  const text = (name: string) => String(given.get(name) ?? '');
  const name = text('name') === '' ? 'default' : text('name');
  const count = Number(text('snapshot-count') === '' ? 10_000 : text('snapshot-count'));
  if (!Number.isInteger(count) || count < 1) throw new SettingError(`-snapshot-count ${count}: not a positive number`);
  const folder = text('data-dir') === '' ? `${name}.etcd` : text('data-dir');
  return {
    dataDir: given.get('in-memory') === true ? undefined : folder,
    snapshotCount: given.get('snapshot') === false ? 0 : count,
  };
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** etcd's port of old and the one registered later, which most clients try. */
function defaultListen(advertised: Address | undefined): readonly Address[] {
  if (advertised !== undefined) return [advertised];
  return [4001, 2379].map((port) => ({ host: '127.0.0.1', port }));
}

function parseBind(text: string, advertised: Address | undefined): Address {
  if (text.startsWith(':')) throw new SettingError(`-bind-addr ${text}: an IP address is required before the port`);
  const hasPort = /^[^:]*:[^:]*$|\]:/.test(text);
  return parseAddress('bind-addr', hasPort ? text : `${text}:${advertised?.port ?? 4001}`);
}

function parseAddress(flag: string, text: string): Address {
  const found = /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) throw new SettingError(`-${flag} ${text}: not host:port (no scheme, no path)`);
  return { host: found[1] ?? found[2]!, port };
}
