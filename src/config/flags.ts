import type { FlagKind, FlagValue } from '../go/flag.ts';
import type { Setting } from './setting.ts';

type Extra = Partial<Pick<Setting, 'default' | 'toml' | 'env' | 'secret' | 'missing'>>;

const zeros: Readonly<Record<FlagKind, FlagValue>> = { string: '', bool: false, int: 0, list: [], duration: 0 };

/** A row: zero by default, underscores in its TOML key, and a variable CONFD_<NAME>. */
function row(name: string, kind: FlagKind, usage: string, extra: Extra = {}): Setting {
  const words = name.replaceAll('-', '_');
  return { name, kind, usage, default: zeros[kind], toml: words, env: [`CONFD_${words.toUpperCase()}`], ...extra };
}

/** Said by a command line only. (Images of containers often have a CONFD_VERSION of their own.) */
const actionOnly = { toml: null, env: [] } as const;

const secret = { secret: true } as const;

const vault = { missing: 'vault' } as const;

/** A secret, which can stand in a file of its own as well. */
function secretRows(name: string, usage: string, extra: Extra = {}): readonly Setting[] {
  return [
    row(name, 'string', usage, { ...secret, ...extra }),
    row(`${name}-file`, 'string', `file with the ${name}, instead of it`, extra),
  ];
}

/** Every setting of confd that today's releases know. */
export const settings: readonly Setting[] = Object.freeze([
  row('app-id', 'string', 'app id for the vault auth type app-id', vault),
  ...secretRows('auth-token', 'token for the vault auth types token and github', vault),
  row('auth-type', 'string', 'vault auth type', vault),
  row('backend', 'string', 'where the keys are: etcd, etcdv2, etcdv3, embedded, env or file', {
    default: 'etcd',
  }),
  row('backend-timeout', 'duration', 'how long one request to the backend may take', { default: 10_000 }),
  row('basic-auth', 'bool', 'send username and password to the backend'),
  row('client-ca-keys', 'string', 'file with the CA certificates (PEM) that the backend is checked against', {
    toml: 'client_cakeys',
    env: ['CONFD_CLIENT_CAKEYS', 'CONFD_CLIENT_CA_KEYS'],
  }),
  row('client-cert', 'string', 'file with the client certificate (PEM)'),
  row('client-insecure', 'bool', "do not check the backend's certificate"),
  row('client-key', 'string', 'file with the key of the client certificate (PEM)', {
    secret: 'redis',
  }),
  row('confdir', 'string', 'directory that holds conf.d and templates', { default: '/etc/confd' }),
  row('config-file', 'string', 'file with the global settings', { default: '/etc/confd/confd.toml', toml: null }),
  row('data-dir', 'string', 'directory that keeps the data of the embedded store; without one it is in memory only'),
  row('debounce', 'duration', 'how long -watch gathers a burst of changes before it renders', { default: 5 }),
  row('file', 'list', 'YAML or JSON `file` or directory of the file backend (may be repeated)'),
  row('filter', 'string', 'pattern that names of files in a directory of the file backend must match', {
    default: '*',
  }),
  row('interval', 'int', 'seconds from one pass to the next', { default: 600 }),
  row('keep-stage-file', 'bool', 'leave stage files where they are', { toml: 'keepstagefile' }),
  row('lenient', 'bool', 'leave a misspelt key of a resource at a warning'),
  row('listen', 'list', '`address` at which the embedded store serves its clients (may be repeated)', {
    default: ['127.0.0.1:4001'],
  }),
  row('log-level', 'string', 'least level that is logged: debug, info, warn, error, fatal or panic', {
    toml: 'log-level',
  }),
  row('node', 'list', '`address` of the backend (may be repeated)', { toml: 'nodes' }),
  row('max-output', 'int', 'most mebibytes that one template may write', { default: 1024 }),
  row('noop', 'bool', 'compare only, change nothing'),
  row('onetime', 'bool', 'make one pass and exit'),
  ...secretRows('password', 'password for basic-auth'),
  row('path', 'string', 'mount path of the vault auth type', vault),
  row('prefix', 'string', 'prefix of all keys, instead of the one of each resource'),
  row('print-config', 'bool', 'print every setting and who set it, and exit', actionOnly),
  row('render-timeout', 'duration', 'how long one template may run', { default: 60_000 }),
  row('role-id', 'string', 'role id for the vault auth types app-role and kubernetes', vault),
  row('scheme', 'string', 'http or https, for nodes that do not say it themselves', { default: 'http' }),
  ...secretRows('secret-id', 'secret id for the vault auth type app-role', vault),
  row('secret-keyring', 'string', 'file with the armored PGP private keys that cget and its like decrypt with'),
  row('separator', 'string', 'what redis has in place of the slashes of a key', { missing: 'redis' }),
  row('splay', 'duration', 'react to a change after a random time up to this, and lengthen the interval by as much'),
  row('srv-domain', 'string', 'domain whose SRV record lists the nodes'),
  row('srv-record', 'string', 'SRV record that lists the nodes'),
  row('state-dir', 'string', 'directory that remembers pending reloads from run to run; "" keeps them in memory', {
    default: '/var/lib/confd',
  }),
  row('stop-timeout', 'duration', 'how long a stop waits for a command that runs', { default: 60_000 }),
  row('sync-only', 'bool', 'change files without check_cmd and reload_cmd', { toml: 'sync-only' }),
  row('table', 'string', 'DynamoDB table', { missing: 'dynamodb' }),
  ...secretRows('user-id', 'user id for the vault auth type app-id', vault),
  row('username', 'string', 'user name for basic-auth'),
  row('version', 'bool', 'print the version and exit', actionOnly),
  row('watch', 'bool', 'render when keys change'),
]);

/** What helps to run this release: the settings of missing backends are accepted, but not offered. */
export const offered: readonly Setting[] = settings.filter(({ missing }) => missing === undefined);

const oldRow = (name: string, kind: FlagKind, env: readonly string[] = []): Setting => row(name, kind, '', { env });

/** What older releases knew: accepted, left out of the usage text, and translated by `modernise`. */
export const oldSettings: readonly Setting[] = Object.freeze([
  oldRow('debug', 'bool'),
  oldRow('verbose', 'bool'),
  oldRow('quiet', 'bool'),
  oldRow('etcd-scheme', 'string'),
  oldRow('etcd-nodes', 'list'),
  oldRow('consul', 'bool'),
  oldRow('consul-addr', 'string'),
]);
