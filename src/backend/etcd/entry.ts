import type { Values } from '../../config/schema/schema.ts';
import { maskUserinfo } from '../../go/redact.ts';
import { systemClock } from '../../obs/clock.ts';
import { openableEntry, type StoreDeps } from '../contract/entry.ts';
import {
  connectionDoubts,
  loginSettings,
  nodeSettings,
  srvSettings,
  timeoutSettings,
  tlsSettings,
} from '../net/settings.ts';
import type { EtcdSettings } from './v2.ts';

const settings = Object.freeze({
  ...nodeSettings,
  ...srvSettings,
  ...tlsSettings,
  ...loginSettings,
  ...timeoutSettings,
});

type Options = Values<typeof settings> & StoreDeps;

const common = {
  settings,
  traits: { canWatch: true, selects: 'subtree' },
  placesOf: ({ nodes }: Values<typeof settings>) => nodes.map(maskUserinfo),
  doubts: connectionDoubts,
} as const;

/** etcd, by the API that its nodes offer or by one of the two. */
export const etcdEntries = [
  openableEntry<typeof settings>({
    ...common,
    name: 'etcd',
    description: 'etcd: the v2 API if the node offers it, else the v3 API',
    isDefault: true,
    srvWithScheme: true,
    defaultNodes: v2Nodes,
    async open(options) {
      const { eitherEtcd } = await import('./detect-api.ts');
      return eitherEtcd(await etcdSettings(options), options.log);
    },
  }),
  openableEntry<typeof settings>({
    ...common,
    name: 'etcdv2',
    description: "etcd's v2 API",
    defaultNodes: v2Nodes,
    async open(options) {
      const { etcdBackend } = await import('./v2.ts');
      return etcdBackend(await etcdSettings(options));
    },
  }),
  openableEntry<typeof settings>({
    ...common,
    name: 'etcdv3',
    description: "etcd's v3 API",
    defaultNodes: () => ['127.0.0.1:2379'],
    async open(options) {
      const { etcd3Backend } = await import('./v3.ts');
      return etcd3Backend(await etcdSettings(options));
    },
  }),
] as const;

/** The default of etcdctl for the v2 API. */
function v2Nodes(env: ReadonlyMap<string, string>): readonly string[] {
  const peers = (env.get('ETCDCTL_PEERS') ?? '').split(',').map((peer) => peer.trim());
  const given = peers.filter((peer) => peer !== '');
  return given.length > 0 ? given : ['http://127.0.0.1:4001'];
}

async function etcdSettings(options: Options): Promise<EtcdSettings> {
  const { Credentials } = await import('../net/credentials.ts');
  const { defaultHttpLimits } = await import('../net/http.ts');
  const { routeOf } = await import('../net/proxy.ts');
  const timeoutMs = options.backendTimeoutMs;
  return {
    nodes: options.nodes,
    scheme: options.scheme === 'https' ? 'https' : 'http',
    tls: {
      caFile: options.clientCaKeys,
      certFile: options.clientCert,
      keyFile: options.clientKey,
      insecure: options.clientInsecure,
    },
    auth: await Credentials.open(options),
    route: routeOf(options.env),
    limits: { ...defaultHttpLimits, headersMs: timeoutMs, totalMs: timeoutMs },
    clock: systemClock,
  };
}
