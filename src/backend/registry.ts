import { redact } from '../go/redact.ts';
import { systemClock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { type Backend, BackendError } from './contract/backend.ts';
import type { EtcdSettings } from './etcd/v2.ts';
import { defaultNodes } from './net/nodes.ts';
import { nodesFromSrv, type ResolveSrv, srvNameOf } from './net/srv.ts';

/** The settings of a store, as the operator gave them; '' and an empty list are what was not given. */
export interface BackendOptions {
  readonly backend: string;
  readonly nodes: readonly string[];
  readonly scheme: string;
  readonly clientCaKeys: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly clientInsecure: boolean;
  readonly basicAuth: boolean;
  readonly username: string;
  readonly password: string;
  /** A file that holds the password, in place of it; read again when the store refuses the password. */
  readonly passwordFile: string;
  readonly files: readonly string[];
  readonly filter: string;
  readonly srvDomain: string;
  readonly srvRecord: string;
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  /** For one request, from the question to the end of the answer; 0 stands for the usual 3 s to its beginning. */
  readonly timeoutMs: number;
  /** Hears what the store turns out to be. */
  readonly log: Logger;
}

type Opener = (options: BackendOptions) => Promise<Backend>;

const openers: ReadonlyMap<string, Opener> = new Map([
  ['', openEitherEtcd],
  ['env', openEnv],
  ['etcd', openEitherEtcd],
  ['etcdv2', openEtcd2],
  ['etcdv3', openEtcd3],
  ['file', openFile],
]);

/** For messages. */
const backendNames: readonly string[] = [...openers.keys()].filter((name) => name !== '');

/** Those that Go's confd reads and this release does not. */
const missingBackends: ReadonlySet<string> = new Set([
  ...['consul', 'vault', 'redis', 'zookeeper', 'dynamodb', 'ssm', 'secretsmanager', 'acm', 'rancher'],
]);

/** Opens a store. BackendError 'settings' when the options cannot work; a store that is down is no error yet. */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const open = openers.get(options.backend);
  if (open !== undefined) return open(options);
  const known = `known are ${backendNames.join(', ')}, and for -backend embedded`;
  const isOfGo = missingBackends.has(options.backend);
  const why = isOfGo ? `this release does not have it yet; ${known}` : known;
  throw new BackendError('settings', `Invalid backend "${redact(options.backend)}" (${why})`);
}

/** The nodes in confd's order: those that SRV records name, else those that were set, else where such a store listens. */
export async function discoverNodes(options: BackendOptions, resolve?: ResolveSrv): Promise<readonly string[]> {
  if (srvNameOf(options) !== '') return nodesFromSrv(options, resolve);
  return options.nodes.length > 0 ? options.nodes : defaultNodes(options.backend, options.env);
}

async function openEnv(options: BackendOptions): Promise<Backend> {
  const { envBackend } = await import('./env/env.ts');
  return envBackend(options.env);
}

async function openFile(options: BackendOptions): Promise<Backend> {
  const { fileBackend } = await import('./file/file.ts');
  const { files, filter, log } = options;
  return fileBackend({ files, filter, clock: systemClock, warn: log.warning.bind(log) });
}

async function openEitherEtcd(options: BackendOptions): Promise<Backend> {
  const { eitherEtcd } = await import('./etcd/detect-api.ts');
  return eitherEtcd(await etcdSettings(options), options.log);
}

async function openEtcd2(options: BackendOptions): Promise<Backend> {
  const { etcdBackend } = await import('./etcd/v2.ts');
  return etcdBackend(await etcdSettings(options));
}

async function openEtcd3(options: BackendOptions): Promise<Backend> {
  const { etcd3Backend } = await import('./etcd/v3.ts');
  return etcd3Backend(await etcdSettings(options));
}

async function etcdSettings(options: BackendOptions): Promise<EtcdSettings> {
  const { Credentials } = await import('./net/credentials.ts');
  const { defaultHttpLimits } = await import('./net/http.ts');
  const { routeOf } = await import('./net/proxy.ts');
  const { timeoutMs } = options;
  return {
    nodes: options.nodes.length > 0 ? options.nodes : await discoverNodes(options),
    scheme: options.scheme === 'https' ? 'https' : 'http',
    tls: {
      caFile: options.clientCaKeys,
      certFile: options.clientCert,
      keyFile: options.clientKey,
      insecure: options.clientInsecure,
    },
    auth: await Credentials.open(options),
    route: routeOf(options.env),
    limits: timeoutMs > 0 ? { ...defaultHttpLimits, headersMs: timeoutMs, totalMs: timeoutMs } : defaultHttpLimits,
    clock: systemClock,
  };
}
