import { type Backend, BackendError } from '../../backend/contract/backend.ts';
import { type BackendOptions, discoverNodes, openBackend } from '../../backend/registry.ts';
import { srvNameOf } from '../../backend/net/srv.ts';
import type { Config } from '../../config/confd.ts';
import type { StoreSettings } from '../../config/store.ts';
import { maskUserinfo, redact } from '../../go/redact.ts';
import type { Storage } from '../../minietcd/storage/storage.ts';
import { systemClock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { reachOf } from '../process/listen-scope.ts';

/** An open store, and how the log names where it is. */
export interface Store {
  readonly backend: Backend;
  readonly sources: readonly string[];
}

/** What is around a store. */
export interface StoreDeps {
  readonly env: ReadonlyMap<string, string>;
  readonly log: Logger;
}

/** Opens the global store; the embedded one begins to serve. Throws BackendError. */
export async function openGlobalStore(config: Config, deps: StoreDeps): Promise<Store> {
  return config.backend === 'embedded' ? openEmbedded(config, deps.log) : openStore(config, deps);
}

/** Opens the store that the settings name, which is not the embedded one. Throws BackendError. */
export async function openStore(settings: StoreSettings, { env, log }: StoreDeps): Promise<Store> {
  const options: BackendOptions = { ...settings, env, timeoutMs: settings.backendTimeoutMs, log };
  const record = srvNameOf(options);
  if (record !== '') log.info(`SRV record set to ${redact(record)}`);
  const nodes = await discoverNodes(options);
  const sources = placesOf(settings, nodes);
  return { backend: await openBackend({ ...options, nodes }), sources };
}

function placesOf({ backend, files }: StoreSettings, nodes: readonly string[]): readonly string[] {
  if (backend === 'env') return ['the environment of this process'];
  return backend === 'file' ? files.map(redact) : nodes.map(maskUserinfo);
}

async function openEmbedded({ listen, dataDir }: Config, log: Logger): Promise<Store> {
  const { ListenError } = await import('../../minietcd/http/net/address.ts');
  const { MiniEtcd } = await import('../../minietcd/server.ts');
  const { localBackend } = await import('../../minietcd/local-backend.ts');
  const disk = dataDir === '' ? undefined : await openData(dataDir, log);
  const server = new MiniEtcd(systemClock, {}, disk);
  try {
    await server.listen(listen.map(parseAddress));
  } catch (cause) {
    await server.close();
    if (!(cause instanceof ListenError)) throw cause;
    throw new BackendError('settings', cause.message, { cause });
  }
  const data = `its data is kept in ${dataDir === '' ? 'memory only' : dataDir}`;
  log.info(`The embedded store serves ${server.urls.join(' and ')}, ${reachOf(server.urls)}; ${data}`);
  const local = localBackend(server);
  const close = async () => {
    await local.close();
    await server.close();
  };
  return { backend: { ...local, close }, sources: server.urls };
}

/** How many changes of the embedded store come between its snapshots. */
const snapshotCount = 10_000;

async function openData(folder: string, log: Logger): Promise<Storage> {
  const { openStorage } = await import('../../minietcd/storage/storage.ts');
  const { DataError } = await import('../../minietcd/storage/wal/error.ts');
  try {
    const disk = await openStorage({ folder, snapshotCount }, { clock: systemClock, log });
    // What was read and rendered stays right; only changes are refused from here on.
    void disk.lost.then((error) => {
      log.error(`${error.message}: the embedded store takes no more changes; restart confd when the disk is well`);
    });
    return disk;
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new BackendError('settings', cause.message, { cause });
  }
}

/** "host:port", "[::1]:port" or ":port", which is every address, as in Go. Throws BackendError. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):([0-9]+)$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new BackendError('settings', `listen: "${redact(text)}" is not an address: expected host:port`);
  }
  return { host: match[1] ?? (match[2] || '::'), port };
}
