import { readConfigFile } from '../../config/config-file.ts';
import { parseToml, type TomlFile } from '../../config/toml.ts';
import { redact } from '../../go/redact.ts';
import type { Address } from '../../minietcd/http/net/address.ts';
import { defaultCluster } from '../../minietcd/http/admin/cluster.ts';
import { defaultServerLimits, type ServerLimits } from '../../minietcd/http/net/limits.ts';
import type { ClusterSettings } from '../../minietcd/http/net/server-context.ts';
import type { ServerTlsFiles } from '../../minietcd/http/net/tls.ts';
import { fromArguments, fromEnvironment, fromFile, SettingError, type Given, type Layers } from './layers.ts';
import { notesOn } from './notes.ts';

/** The settings of a mini-etcd. */
export interface ServerSettings {
  /** Undefined: the name in the data directory, or 'default'. */
  readonly name?: string;
  readonly listen: readonly Address[];
  /** Undefined: plain HTTP. */
  readonly tls: ServerTlsFiles | undefined;
  /** The advertised addresses; empty: the addresses that it listens on. */
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
  readonly cors: readonly string[];
  readonly limits: ServerLimits;
  readonly cluster: ClusterSettings;
  /** The data directory; undefined: in memory only. */
  readonly dataDir: string | undefined;
  /** Changes between two snapshots; 0: no snapshots. */
  readonly snapshotCount: number;
  /** The file for a CPU profile; '': none. */
  readonly cpuProfile: string;
  readonly graphite: Address | undefined;
  readonly verbose: boolean;
  readonly version: boolean;
  /** Messages about flags without effect, or with another effect. */
  readonly warnings: readonly string[];
}

const defaultFile = '/etc/etcd/etcd.conf';

/** Reads flags, ETCD_* variables and the file that they name. Throws FlagError, SettingError or ConfigError. */
export async function loadSettings(args: readonly string[], env: ReadonlyMap<string, string>): Promise<ServerSettings> {
  const named = fromArguments(args).given.get('config') ?? fromEnvironment(env).given.get('config');
  if (named !== undefined) {
    const path = String(named.value);
    return readSettings(args, env, parseToml(path, await readConfigFile(path)));
  }
  const bytes = await readConfigFile(defaultFile).catch((error: unknown) => {
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  });
  return readSettings(args, env, bytes === undefined ? undefined : parseToml(defaultFile, bytes));
}

/** Merges flags, variables and file, the strongest first. Throws FlagError, SettingError or ConfigError. */
export function readSettings(
  args: readonly string[],
  env: ReadonlyMap<string, string>,
  file?: TomlFile,
): ServerSettings {
  const none: Layers = { given: new Map(), warnings: [] };
  const layers = [file === undefined ? none : fromFile(file), fromEnvironment(env), fromArguments(args)];
  const given = new Map(layers.flatMap((layer) => [...layer.given]));
  return {
    ...settingsOf(new Values(given)),
    warnings: [...layers.flatMap(({ warnings }) => warnings), ...notesOn(given)],
  };
}

/** The effective settings, by the names of their flags. */
class Values {
  constructor(private readonly given: ReadonlyMap<string, Given>) {}

  text(name: string): string {
    const { value = '' } = this.given.get(name) ?? {};
    return typeof value === 'string' ? value : '';
  }

  /** The value of a boolean flag; undefined when it is not set. */
  flag(name: string): boolean | undefined {
    const { value } = this.given.get(name) ?? {};
    return typeof value === 'boolean' ? value : undefined;
  }

  list(name: string): string[] {
    return this.text(name)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** A number above 0. Throws SettingError. */
  number(name: string, defaultValue: number): number {
    const text = this.text(name);
    if (text === '') return defaultValue;
    const value = /^\d+(\.\d*)?$/.test(text) ? Number(text) : 0;
    if (!(value > 0)) throw this.refusal(name, `${redact(text)} is not a number above 0`);
    return value;
  }

  refusal(name: string, message: string): SettingError {
    return new SettingError(`${this.given.get(name)?.where ?? `-${name}`}: ${message}`);
  }
}

function settingsOf(values: Values): Omit<ServerSettings, 'warnings'> {
  const tls = tlsOf(values);
  const scheme = tls === undefined ? 'http' : 'https';
  const addr = values.text('addr');
  const advertised = addr === '' ? undefined : parseAddress(values, 'addr', addr);
  const urls = values.list('advertise-client-urls');
  for (const url of urls) parseUrl(values, 'advertise-client-urls', url);
  return {
    ...(values.text('name') === '' ? {} : { name: values.text('name') }),
    listen: listenOf(values, advertised, scheme),
    tls,
    clientUrls: urls.length > 0 || advertised === undefined ? urls : [`${scheme}://${addr}`],
    peerUrls: peerUrlsOf(values),
    cors: values.list('cors'),
    limits: limitsOf(values),
    cluster: clusterOf(values),
    ...storageOf(values),
    cpuProfile: values.text('cpuprofile'),
    graphite: graphiteOf(values),
    verbose: ['v', 'vv', 'vvv'].some((name) => values.flag(name) === true),
    version: values.flag('version') === true,
  };
}

/** The shown peer URLs. A cluster that has only this node is accepted; any other one is refused. */
function peerUrlsOf(values: Values): readonly string[] {
  const name = values.text('name') || 'default';
  const members = values.list('initial-cluster').map((text) => {
    const [, who, url] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (who === undefined) throw values.refusal('initial-cluster', `${redact(text)} is not name=http://host:port`);
    parseUrl(values, 'initial-cluster', url!);
    return { who, url: url! };
  });
  const others = [...new Set(members.map(({ who }) => who))].filter((who) => who !== name);
  if (others.length > 0) {
    const advice = `mini-etcd is a single node and cannot join a cluster: name only ${name}, or remove this setting`;
    throw values.refusal('initial-cluster', `names ${others.join(' and ')} besides this node, ${name}: ${advice}`);
  }
  const urls = values.list('initial-advertise-peer-urls');
  for (const url of urls) parseUrl(values, 'initial-advertise-peer-urls', url);
  if (urls.length > 0) return urls;
  if (members.length > 0) return members.map(({ url }) => url);
  const addr = values.text('peer-addr') || '127.0.0.1:7001';
  parseAddress(values, 'peer-addr', addr);
  return [`http://${addr}`];
}

function tlsOf(values: Values): ServerTlsFiles | undefined {
  const certFile = values.text('cert-file');
  const keyFile = values.text('key-file');
  const caName = values.text('ca-file') === '' ? 'trusted-ca-file' : 'ca-file';
  const caFile = values.text(caName);
  if (values.flag('client-cert-auth') === true && caFile === '') {
    throw values.refusal(
      'client-cert-auth',
      'needs -trusted-ca-file too: without it no client certificate can be checked',
    );
  }
  if (certFile !== '' && keyFile !== '') return { certFile, keyFile, caFile };
  if (caFile !== '') throw values.refusal(caName, 'needs -cert-file and -key-file too');
  if (certFile !== '') throw values.refusal('cert-file', 'needs -key-file too');
  if (keyFile !== '') throw values.refusal('key-file', 'needs -cert-file too');
  return undefined;
}

function limitsOf(values: Values): ServerLimits {
  return {
    ...defaultServerLimits,
    requestMs: Math.round(values.number('http-read-timeout', defaultServerLimits.requestMs / 1000) * 1000),
    answerMs: Math.round(values.number('http-write-timeout', defaultServerLimits.answerMs / 1000) * 1000),
  };
}

function clusterOf(values: Values): ClusterSettings {
  return {
    activeSize: Math.max(3, Math.trunc(values.number('cluster-active-size', defaultCluster.activeSize))),
    removeDelay: Math.max(2, values.number('cluster-remove-delay', defaultCluster.removeDelay)),
    syncInterval: Math.max(1, values.number('cluster-sync-interval', defaultCluster.syncInterval)),
  };
}

function storageOf(values: Values): Pick<ServerSettings, 'dataDir' | 'snapshotCount'> {
  const count = values.number('snapshot-count', 10_000);
  if (!Number.isInteger(count)) throw values.refusal('snapshot-count', `${count} is not a whole number`);
  const folder = values.text('data-dir') || `${values.text('name') || 'default'}.etcd`;
  return {
    dataDir: values.flag('in-memory') === true ? undefined : folder,
    snapshotCount: values.flag('snapshot') === false ? 0 : count,
  };
}

function graphiteOf(values: Values): Address | undefined {
  const text = values.text('graphite-host');
  if (text === '') return undefined;
  return parseAddress(values, 'graphite-host', text.includes(':') ? text : `${text}:2003`);
}

function listenOf(values: Values, advertised: Address | undefined, scheme: string): readonly Address[] {
  const urls = values.list('listen-client-urls');
  const bind = values.list('bind-addr');
  if (urls.length > 0 && bind.length > 0)
    throw values.refusal('bind-addr', 'set either this or -listen-client-urls, not both');
  const other = urls.find((url) => /^https?:/.test(url) && !url.startsWith(`${scheme}:`));
  if (other !== undefined && scheme === 'http') {
    throw values.refusal('listen-client-urls', `${redact(other)} needs -cert-file and -key-file too`);
  }
  if (other !== undefined) {
    const advice = 'all addresses are served over TLS once there is a certificate; write https://';
    throw values.refusal('listen-client-urls', `${redact(other)}: ${advice}`);
  }
  if (urls.length > 0) return urls.map((url) => parseUrl(values, 'listen-client-urls', url));
  if (bind.length > 0) return bind.map((one) => parseBind(values, one, advertised));
  // etcd's old port, and the registered one that most clients try.
  return advertised === undefined ? [4001, 2379].map((port) => ({ host: '127.0.0.1', port })) : [advertised];
}

function parseBind(values: Values, text: string, advertised: Address | undefined): Address {
  if (text.startsWith(':')) {
    throw values.refusal('bind-addr', `${redact(text)}: an IP address is required before the port, 0.0.0.0 for all`);
  }
  const hasPort = /^[^:]*:[^:]*$|\]:/.test(text);
  return parseAddress(values, 'bind-addr', hasPort ? text : `${text}:${advertised?.port ?? 4001}`);
}

function parseUrl(values: Values, name: string, text: string): Address {
  const address = addressOf(text.replace(/^https?:\/\//, ''));
  if (address === undefined) throw values.refusal(name, `${redact(text)} is not http://host:port`);
  return address;
}

function parseAddress(values: Values, name: string, text: string): Address {
  const address = addressOf(text);
  if (address === undefined) throw values.refusal(name, `${redact(text)} is not host:port (no scheme, no path)`);
  return address;
}

function addressOf(text: string): Address | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  return found === null || port > 65_535 ? undefined : { host: found[1] ?? found[2]!, port };
}
