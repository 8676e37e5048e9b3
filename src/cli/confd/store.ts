import { BackendError } from '../../backend/contract/backend.ts';
import type { StoreDeps } from '../../backend/contract/entry.ts';
import { entryOf, type StoreSettings } from '../../backend/entries.ts';
import { openStore, type Store } from '../../backend/open.ts';
import type { Config } from '../../config/confd.ts';
import { redact } from '../../go/redact.ts';
import type { Storage } from '../../minietcd/storage/storage.ts';
import { systemClock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { reachOf } from '../process/listen-scope.ts';

/** Opens the global store; starts the server of an embedded one. Throws BackendError. */
export async function openGlobalStore(config: Config, deps: StoreDeps): Promise<Store> {
  return isEmbedded(config) ? openEmbedded(config, deps.log) : openStore({ ...config, ...deps });
}

/** Whether the store runs in this process. */
export function isEmbedded({ backend }: StoreSettings): boolean {
  return entryOf(backend)?.kind === 'hosted';
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
  return { backend: { ...local, close }, places: server.urls };
}

/** Changes between two snapshots of the embedded store. */
const snapshotCount = 10_000;

async function openData(folder: string, log: Logger): Promise<Storage> {
  const { openStorage } = await import('../../minietcd/storage/storage.ts');
  const { DataError } = await import('../../minietcd/storage/wal/error.ts');
  try {
    const disk = await openStorage({ folder, snapshotCount }, { clock: systemClock, log });
    // The data in memory is still right; only changes are refused from now on.
    void disk.lost.then((error) => {
      log.error(
        `${error.message}: the embedded store accepts no more changes; restart confd when the disk works again`,
      );
    });
    return disk;
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new BackendError('settings', cause.message, { cause });
  }
}

/** "host:port", "[::1]:port" or ":port" (all addresses, as in Go). Throws BackendError. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):([0-9]+)$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new BackendError('settings', `listen: "${redact(text)}" is not an address: expected host:port`);
  }
  return { host: match[1] ?? (match[2] || '::'), port };
}
