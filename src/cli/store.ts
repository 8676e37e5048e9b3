import { type Backend, BackendError } from '../backend/backend.ts';
import { type BackendOptions, discoverNodes, openBackend } from '../backend/open.ts';
import { srvNameOf } from '../backend/srv.ts';
import type { Config } from '../config/confd.ts';
import type { Logger } from '../obs/log.ts';

/** An open store, and how the log names where it is. */
export interface Store {
  readonly backend: Backend;
  readonly sources: readonly string[];
}

/** Opens the store that the settings name; the embedded one begins to serve. Throws BackendError. */
export async function openStore(config: Config, env: ReadonlyMap<string, string>, log: Logger): Promise<Store> {
  if (config.backend === 'embedded') return openEmbedded(config.listen, log);
  const options: BackendOptions = { ...config, env, timeoutMs: config.backendTimeoutMs };
  const record = srvNameOf(options);
  if (record !== '') log.info(`SRV record set to ${record}`);
  const nodes = await discoverNodes(options);
  const sources = config.backend === 'file' ? config.files : nodes;
  return { backend: await openBackend({ ...options, nodes }), sources };
}

async function openEmbedded(listen: readonly string[], log: Logger): Promise<Store> {
  const { ListenError } = await import('../minietcd/address.ts');
  const { MiniEtcd } = await import('../minietcd/server.ts');
  const { localBackend } = await import('../minietcd/local.ts');
  const { systemClock } = await import('../obs/clock.ts');
  const server = new MiniEtcd(systemClock);
  try {
    await server.listen(listen.map(parseAddress));
  } catch (cause) {
    if (!(cause instanceof ListenError)) throw cause;
    throw new BackendError('settings', cause.message, { cause });
  }
  log.info(`The embedded store serves ${server.urls.join(' and ')}; its data is kept in memory only`);
  const local = localBackend(server);
  const close = async () => {
    await local.close();
    await server.close();
  };
  return { backend: { ...local, close }, sources: server.urls };
}

/** "host:port", "[::1]:port" or ":port", which is every address, as in Go. Throws BackendError. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):([0-9]+)$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new BackendError('settings', `listen: "${text}" is not an address: expected host:port`);
  }
  return { host: match[1] ?? (match[2] || '::'), port };
}
