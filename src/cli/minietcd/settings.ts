import type { FlagSpec } from '../../go/flag.ts';

/** How a setting is treated: it is used, is used with a note, has no effect, or is refused. */
export type Fate = 'used' | { readonly notes: string } | { readonly warns: string } | { readonly refuses: string };

/** A setting of mini-etcd: its names, and how it is treated. */
export interface Row {
  readonly spec: FlagSpec;
  /** Variables of the environment, the first that is not empty counts. */
  readonly env: readonly string[];
  /** Names of the table and the key in a file; empty for a setting that only a command line can have. */
  readonly toml: readonly string[];
  readonly fate: Fate;
}

const noPeers: Fate = { warns: 'has no effect: a single node has no peers; remove it' };
const oneNode: Fate = {
  refuses:
    'mini-etcd is a single node and cannot join a cluster: remove this setting, and give the clients the address of this node',
};
const onlyShown: Fate = {
  notes: 'is only shown by /v2/admin/config and has no other effect: a single node has no peers',
};
const wipes: Fate = { refuses: 'in etcd it deletes the data directory; delete it by hand if you want that' };

function row(name: string, kind: FlagSpec['kind'], usage: string, fate: Fate = 'used'): Row {
  const zero = { string: '', bool: false, int: 0, list: [], duration: 0 }[kind];
  const special = names.get(name);
  const env = special?.env ?? [`ETCD_${name.toUpperCase().replaceAll('-', '_')}`];
  const table = /^(peer|cluster)-(.+)$/.exec(name);
  const toml = special?.toml ?? (table === null ? [name] : [table[1]!, table[2]!]);
  return { spec: { name, kind, default: zero, usage }, env, toml: toml.map((part) => part.replaceAll('-', '_')), fate };
}

/** Variables and keys with names other than the flag's; etcd's documents name some that etcd itself did not read. */
const names: ReadonlyMap<string, { readonly env?: readonly string[]; readonly toml?: readonly string[] }> = new Map([
  ['snapshot-count', { env: ['ETCD_SNAPSHOTCOUNT', 'ETCD_SNAPSHOT_COUNT'] }],
  ['cors', { env: ['ETCD_CORS', 'ETCD_CORS_ORIGINS'] }],
  ['cpuprofile', { env: ['ETCD_CPU_PROFILE_FILE'], toml: ['cpu_profile_file'] }],
  ['v', { env: ['ETCD_VERBOSE'], toml: ['verbose'] }],
  ['vv', { env: ['ETCD_VERY_VERBOSE'], toml: ['very_verbose'] }],
  ['vvv', { env: [], toml: [] }],
  ['version', { env: [], toml: [] }],
  ['config', { toml: [] }],
  ['f', { env: [], toml: [] }],
]);

/** Every flag of etcd 0.4. */
const ownRows: readonly Row[] = [
  row(
    'addr',
    'string',
    'advertised `host:port` for clients, and where it listens without -bind-addr (default 127.0.0.1:4001 and :2379)',
  ),
  row('bind-addr', 'string', 'listening `host[:port]` for clients, several separated by commas'),
  row('ca-file', 'string', '`file` with the CA certificates; every client must then have a certificate of this CA'),
  row('cert-file', 'string', "`file` with the server's certificate; clients must then use TLS"),
  row('cluster-active-size', 'string', '`number` that /v2/admin/config shows (default 9)', onlyShown),
  row('cluster-remove-delay', 'string', '`seconds` that /v2/admin/config shows (default 1800)', onlyShown),
  row('cluster-sync-interval', 'string', '`seconds` that /v2/admin/config shows (default 5)', onlyShown),
  row('config', 'string', 'TOML `file` of settings (default /etc/etcd/etcd.conf where that exists)'),
  row('cors', 'string', '`origins` of the web pages that may use the store, separated by commas; * for all'),
  row('cpuprofile', 'string', 'write a CPU profile of the whole run to this `file`; a browser can show it'),
  row('data-dir', 'string', '`directory` that keeps the data (default <name>.etcd in the current directory)'),
  row('discovery', 'string', 'refused: a single node', oneNode),
  row('f', 'bool', 'refused, as -force', wipes),
  row('force', 'bool', 'refused', wipes),
  row('graphite-host', 'string', 'send /metrics to this Graphite `host:port` every ten seconds, as plain text'),
  row('http-read-timeout', 'string', 'maximum `seconds` for a request to arrive (default 300)'),
  row(
    'http-write-timeout',
    'string',
    'maximum `seconds` for a client to read an answer; a waiting watch has no limit (default 300)',
  ),
  row('in-memory', 'bool', 'keep no data on disk: it is gone when mini-etcd stops'),
  row('key-file', 'string', "`file` with the key of the server's certificate"),
  row('max-result-buffer', 'string', 'no effect', { warns: 'has no effect, and had none in etcd; remove it' }),
  row('max-retry-attempts', 'string', 'no effect', noPeers),
  row('name', 'string', 'the `name` of this node (default "default")'),
  row('peer-addr', 'string', '`host:port` shown as peer URL; nothing listens there (default 127.0.0.1:7001)'),
  ...['bind-addr', 'ca-file', 'cert-file', 'key-file', 'election-timeout', 'heartbeat-interval'].map((name) =>
    row(`peer-${name}`, 'string', 'no effect', noPeers),
  ),
  row('peers', 'string', 'refused: a single node', oneNode),
  row('peers-file', 'string', 'refused: a single node', oneNode),
  row('retry-interval', 'string', 'no effect', noPeers),
  row('snapshot', 'bool', 'take snapshots and shorten the log; -snapshot=false lets the log grow (default true)'),
  row('snapshot-count', 'string', 'take a snapshot after this `number` of changes (default 10000)'),
  row('trace', 'string', 'no effect', { warns: 'has no effect: read /metrics and /debug/vars instead' }),
  row('v', 'bool', 'log every change'),
  row('version', 'bool', 'print the version and exit'),
  row('vv', 'bool', 'log every change, as -v'),
  row('vvv', 'bool', 'log every change, as -v'),
];

const noEffect: Fate = { warns: 'has no effect; remove it' };
const noV3: Fate = { warns: "has no effect: it is about etcd's v3 API; remove it" };
const ownLog: Fate = { warns: 'has no effect: the log goes to standard error, and with -v it names every change' };
const ownMetrics: Fate = { warns: 'has no effect: /metrics is served at the same addresses as the keys' };
const ownTls: Fate = { refuses: 'mini-etcd makes no certificates: make one and name it with -cert-file and -key-file' };
const toml: Fate = {
  refuses: 'mini-etcd does not read YAML: write the settings in TOML, and name the file with -config',
};

/** Rows of flags that are treated in the same way. */
function alike(names: string, kind: FlagSpec['kind'], fate: Fate): readonly Row[] {
  const usage = 'warns' in (fate as object) ? 'no effect' : 'refused';
  return names.split(' ').map((name) => row(name, kind, usage, fate));
}

/** Flags of later releases that scripts for a single node use. */
const laterRows: readonly Row[] = [
  row('advertise-client-urls', 'string', 'as -addr: `urls` separated by commas'),
  row('client-cert-auth', 'bool', 'every client must have a certificate; -trusted-ca-file already requires this'),
  row('enable-v2', 'bool', 'no effect: mini-etcd always serves the v2 API'),
  row('initial-advertise-peer-urls', 'string', 'as -peer-addr: `urls` separated by commas'),
  row('initial-cluster', 'string', '`name=url` of this node, as -peer-addr; refused if it names another node'),
  row('listen-client-urls', 'string', 'as -bind-addr: `urls` separated by commas'),
  row('trusted-ca-file', 'string', '`file` as for -ca-file'),
  row('wal-dir', 'string', 'no effect', { warns: 'has no effect: the log is kept in -data-dir' }),
  ...alike('auto-compaction-mode auto-compaction-retention backend-batch-interval backend-batch-limit', 'string', noV3),
  ...alike('grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout', 'string', noV3),
  ...alike('max-concurrent-streams max-request-bytes max-txn-ops quota-backend-bytes', 'string', noV3),
  ...alike('election-timeout heartbeat-interval initial-cluster-state initial-cluster-token', 'string', noPeers),
  ...alike('listen-peer-urls peer-cert-allowed-cn peer-crl-file peer-trusted-ca-file', 'string', noPeers),
  ...alike('force-new-cluster initial-election-tick-advance peer-auto-tls peer-client-cert-auth', 'bool', noPeers),
  ...alike('pre-vote strict-reconfig-check', 'bool', noPeers),
  ...alike('log-level log-outputs log-package-levels logger', 'string', ownLog),
  ...alike('listen-metrics-urls metrics', 'string', ownMetrics),
  ...alike('max-snapshots max-wals', 'string', noEffect),
  row('enable-pprof', 'bool', 'no effect', { warns: 'has no effect: write a profile with -cpuprofile' }),
  row('auto-tls', 'bool', 'refused', ownTls),
  row('config-file', 'string', 'refused', toml),
  row('discovery-srv', 'string', 'refused: a single node', oneNode),
];

/** Every setting. */
export const rows: readonly Row[] = [...ownRows, ...laterRows];

/** The short names of the first releases. */
export const oldNames: ReadonlyMap<string, string> = new Map([
  ['C', 'peers'],
  ['CF', 'peers-file'],
  ['c', 'addr'],
  ['cl', 'bind-addr'],
  ['clientCAFile', 'ca-file'],
  ['clientCert', 'cert-file'],
  ['clientKey', 'key-file'],
  ['d', 'data-dir'],
  ['debug', 'v'],
  ['m', 'max-result-buffer'],
  ['max-cluster-size', 'cluster-active-size'],
  ['maxsize', 'cluster-active-size'],
  ['n', 'name'],
  ['peer-heartbeat-timeout', 'peer-heartbeat-interval'],
  ['r', 'max-retry-attempts'],
  ['s', 'peer-addr'],
  ['serverCAFile', 'peer-ca-file'],
  ['serverCert', 'peer-cert-file'],
  ['serverKey', 'peer-key-file'],
  ['sl', 'peer-bind-addr'],
  ['snapshotCount', 'snapshot-count'],
]);
