import { type Backend, BackendError } from '../backend/backend.ts';
import { maskUserinfo } from '../backend/nodes.ts';
import { type BackendOptions, discoverNodes, openBackend } from '../backend/open.ts';
import { srvNameOf } from '../backend/srv.ts';
import type { Config } from '../config/confd.ts';
import type { Disk } from '../minietcd/disk.ts';
import { systemClock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';

/** An open store, and how the log names where it is. */
export interface Store {
  readonly backend: Backend;
  readonly sources: readonly string[];
}

/** Opens the store that the settings name; the embedded one begins to serve. Throws BackendError. */
export async function openStore(config: Config, env: ReadonlyMap<string, string>, log: Logger): Promise<Store> {
  if (config.backend === 'embedded') return openEmbedded(config, log);
  const options: BackendOptions = { ...config, env, timeoutMs: config.backendTimeoutMs, log };
  const record = srvNameOf(options);
  if (record !== '') log.info(`SRV record set to ${record}`);
  const nodes = await discoverNodes(options);
  const sources = config.backend === 'file' ? config.files : nodes.map(maskUserinfo);
  return { backend: await openBackend({ ...options, nodes }), sources };
}

async function openEmbedded({ listen, dataDir }: Config, log: Logger): Promise<Store> {
  const { ListenError } = await import('../minietcd/address.ts');
  const { MiniEtcd } = await import('../minietcd/server.ts');
  const { localBackend } = await import('../minietcd/local.ts');
  const disk = dataDir === '' ? undefined : await openData(dataDir, log);
  const server = new MiniEtcd(systemClock, {}, disk);
  try {
    await server.listen(listen.map(parseAddress));
  } catch (cause) {
    await server.close();
    if (!(cause instanceof ListenError)) throw cause;
    throw new BackendError('settings', cause.message, { cause });
  }
  log.info(
    `The embedded store serves ${server.urls.join(' and ')}; its data is kept in ${dataDir === '' ? 'memory only' : dataDir}`,
  );
  const local = localBackend(server);
  const close = async () => {
    await local.close();
    await server.close();
  };
  return { backend: { ...local, close }, sources: server.urls };
}

/** How many changes of the embedded store come between its snapshots. */
const snapshotCount = 10_000;

async function openData(folder: string, log: Logger): Promise<Disk> {
  const { openDisk } = await import('../minietcd/disk.ts');
  const { DataError } = await import('../minietcd/wal/error.ts');
  try {
    const disk = await openDisk({ folder, snapshotCount }, { clock: systemClock, log });
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
    throw new BackendError('settings', `listen: "${text}" is not an address: expected host:port`);
  }
  return { host: match[1] ?? (match[2] || '::'), port };
}
