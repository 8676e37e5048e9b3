import { toText } from '../../go/bytes.ts';
import { errnoText } from '../../go/os.ts';
import { quote } from '../../go/strconv.ts';
import { ListenError } from '../../minietcd/http/net/address.ts';
import { openStorage, type Storage } from '../../minietcd/storage/storage.ts';
import { MiniEtcd } from '../../minietcd/server.ts';
import { untimelyNote } from '../../minietcd/http/net/tls.ts';
import { DataError } from '../../minietcd/storage/wal/error.ts';
import { systemClock } from '../../obs/clock.ts';
import { createLogger, type Logger } from '../../obs/log.ts';
import type { ServerSettings } from './flags.ts';
import { writeTo } from '../process/output.ts';
import { reachOf } from '../process/listen-scope.ts';

/** How often a refused client is logged, for each reason. */
const refusalLogMs = 60_000;

/** Serves until a signal, or until the disk cannot be trusted any more; returns the exit code. */
export async function serveEtcd(settings: ServerSettings, args: readonly string[]): Promise<number> {
  let { verbose } = settings;
  const setVerbose = (wanted: boolean) => (verbose = wanted);
  const all = createLogger('mini-etcd', 'debug', (line) => {
    writeTo(2, line);
  });
  const debug = (message: string) => {
    if (verbose) all.debug(message);
  };
  const log: Logger = { ...all, debug };
  for (const warning of settings.warnings) log.warning(warning);
  let finish: () => Promise<void>;
  try {
    finish = await profileTo(settings.cpuProfile);
  } catch (error) {
    log.error(`-cpuprofile: cannot write ${settings.cpuProfile}: ${errnoText(error as NodeJS.ErrnoException)}`);
    return 1;
  }
  const code = await serve({ ...settings, setVerbose, cmdline: ['mini-etcd', ...args] }, log);
  await finish();
  return code;
}

async function profileTo(file: string): Promise<() => Promise<void>> {
  if (file === '') return () => Promise.resolve();
  const { startProfile } = await import('./cpu-profile.ts');
  return startProfile(file);
}

type Served = ServerSettings & { readonly cmdline: readonly string[]; readonly setVerbose: (on: boolean) => void };

async function serve(settings: Served, log: Logger): Promise<number> {
  const stop = nextSignal();
  let disk: Storage | undefined;
  let server: MiniEtcd | undefined;
  try {
    disk = await openData(settings, log);
    server = new MiniEtcd(systemClock, settings, disk);
    await server.listen(settings.listen, settings.tls);
  } catch (error) {
    await (server ?? disk)?.close();
    if (!(error instanceof ListenError || error instanceof DataError)) throw error;
    log.error(error.message);
    return 1;
  }
  accompany(server, settings, log);
  const data = settings.dataDir === undefined ? 'data is kept in memory only' : `data is kept in ${settings.dataDir}`;
  log.info(`listening on ${server.urls.join(' and ')}, ${reachOf(server.urls, settings.tls)}; ${data}`);
  const end = await Promise.race([stop, ...(disk === undefined ? [] : [disk.lost])]);
  if (end instanceof Error) log.error(`${end.message}: the state of the data on disk is not known any more; stopping`);
  else log.info(`${end}: stopping`);
  await server.close();
  return end instanceof Error ? 1 : 0;
}

/** Starts what runs beside the server: the log of changes, reloading of certificates, Graphite. */
function accompany(server: MiniEtcd, settings: Served, log: Logger): void {
  logChanges(server, log);
  const reported = (error: unknown) => {
    if (!(error instanceof Error)) {
      log.info('new certificates are in use');
      void warnOfTime(settings, log);
    } else log.error(`${error.message}; the old certificates stay in use`);
  };
  void warnOfTime(settings, log);
  void server.followTls(reported);
  const loggedAt = new Map<string, number>();
  server.onRefusedClient((why) => {
    if (systemClock.now() - (loggedAt.get(why) ?? -Infinity) < refusalLogMs) return;
    loggedAt.set(why, systemClock.now());
    log.warning(`a client was refused: ${why}; further refusals within a minute are not logged`);
  });
  process.on('SIGHUP', () => {
    if (settings.tls === undefined) log.info('SIGHUP: there are no certificates to read again');
    else server.reloadTls().then(reported, reported);
  });
  void sendMetrics(server, settings, log);
}

/** etcd also serves with an expired certificate; here there is at least a warning. */
async function warnOfTime({ tls }: Served, log: Logger): Promise<void> {
  if (tls === undefined) return;
  const note = await untimelyNote(tls, systemClock.now()).catch(() => undefined);
  if (note !== undefined) log.warning(note);
}

async function sendMetrics(server: MiniEtcd, settings: Served, log: Logger): Promise<void> {
  if (settings.graphite === undefined) return;
  const { feedGraphite } = await import('./graphite.ts');
  const graphite = { ...settings.graphite, prefix: `mini-etcd.${(settings.name ?? 'default').replace(/\W/g, '_')}` };
  await feedGraphite(graphite, () => server.metrics(), { clock: systemClock, log }, server.stopped);
}

function openData({ dataDir, name, snapshotCount }: ServerSettings, log: Logger): Promise<Storage | undefined> {
  if (dataDir === undefined) return Promise.resolve(undefined);
  const settings = { folder: dataDir, snapshotCount, ...(name === undefined ? {} : { name }) };
  return openStorage(settings, { clock: systemClock, log });
}

/** Logs every change with its key, never with its value. */
function logChanges({ keyspace }: MiniEtcd, log: Logger): void {
  let seen = keyspace.index;
  keyspace.onChange(() => {
    for (seen = Math.max(seen + 1, keyspace.oldestEvent); seen <= keyspace.index; seen++) {
      const event = keyspace.eventAt(seen);
      if (event !== undefined) log.debug(`${event.action} ${toText(quote(event.node.key))} index ${seen}`);
    }
    seen = keyspace.index;
  });
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        resolve(signal);
      });
  });
}
