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
  tokenSettings,
} from '../net/settings.ts';
import type { ConsulSettings } from './consul.ts';

const settings = Object.freeze({
  ...nodeSettings,
  ...srvSettings,
  ...tlsSettings,
  ...loginSettings,
  ...tokenSettings,
  ...timeoutSettings,
});

type Given = Values<typeof settings>;

/** The keys of Consul. */
export const consulEntry = openableEntry<typeof settings>({
  name: 'consul',
  description: 'keys of Consul',
  settings,
  traits: { canWatch: true, selects: 'text' },
  defaultNodes: nodesOfEnvironment,
  placesOf: ({ nodes }) => nodes.map(maskUserinfo),
  doubts: (values) => [...connectionDoubts(values), ...values.nodes.flatMap(portDoubts)],
  async open(options) {
    const { consulBackend } = await import('./consul.ts');
    return consulBackend(await settingsOf(options));
  },
});

/** Where consul's own tool asks. */
function nodesOfEnvironment(env: ReadonlyMap<string, string>): readonly string[] {
  const address = env.get('CONSUL_HTTP_ADDR') ?? '';
  const node = address === '' ? '127.0.0.1:8500' : address;
  const isSecure = /^(?:1|t|T|TRUE|true|True)$/.test(env.get('CONSUL_HTTP_SSL') ?? '');
  return [isSecure && !node.includes('://') ? `https://${node}` : node];
}

/** Without a port it is HTTP's own, as in confd. */
function portDoubts(node: string): readonly string[] {
  if (node.includes('://') || /:\d+(?:\/|$)/.test(node)) return [];
  return [`node ${maskUserinfo(node)} has no port: port 80 or 443 is used, but consul usually listens on 8500`];
}

async function settingsOf(options: Given & StoreDeps): Promise<ConsulSettings> {
  const { Credentials } = await import('../net/credentials.ts');
  const { defaultHttpLimits } = await import('../net/http.ts');
  const { routeOf } = await import('../net/proxy.ts');
  const { wantsTls } = await import('../net/tls.ts');
  const { Token } = await import('../net/token.ts');
  const { loginOf, namespaceOf, tlsOf, tokenOf } = await import('./environment.ts');
  const { env, log, scheme, backendTimeoutMs: timeoutMs } = options;
  const { clientCaKeys: caFile, clientCert: certFile, clientKey: keyFile, clientInsecure: insecure } = options;
  const files = { caFile, certFile, keyFile, insecure };
  // The variables tell what certificates are trusted, not where https is spoken.
  const usual = scheme === 'https' || wantsTls(files) ? 'https' : 'http';
  return {
    nodes: options.nodes.map((node) => (node.includes('://') ? node : `${usual}://${node}`)),
    scheme: usual,
    tls: tlsOf(files, env, log),
    auth: await Credentials.open(loginOf(options, env)),
    token: await Token.open('X-Consul-Token', tokenOf({ token: options.authToken, file: options.authTokenFile }, env)),
    isCompressed: true,
    route: routeOf(env),
    limits: { ...defaultHttpLimits, headersMs: timeoutMs, totalMs: timeoutMs },
    clock: systemClock,
    ...namespaceOf(env),
    log,
  };
}
