import { toText } from '../go/bytes.ts';
import { FlagError } from '../go/flag.ts';
import { quote } from '../go/strconv.ts';
import { ListenError } from '../minietcd/address.ts';
import { openDisk, type Disk } from '../minietcd/disk.ts';
import { MiniEtcd } from '../minietcd/server.ts';
import { DataError } from '../minietcd/wal/error.ts';
import { systemClock } from '../obs/clock.ts';
import { createLogger, type Logger } from '../obs/log.ts';
import { etcdUsage, readSettings, SettingError, type ServerSettings } from './etcdflags.ts';
import { writeTo } from './output.ts';
import { version } from './version.ts';

/** Runs mini-etcd until a signal ends it; the exit code. */
async function main(args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  let settings: ServerSettings;
  try {
    settings = readSettings(args, env);
  } catch (error) {
    return explain(error);
  }
  if (settings.version) {
    writeTo(1, `mini-etcd version ${version}\n`);
    return 0;
  }
  const log = createLogger('mini-etcd', settings.verbose ? 'debug' : 'info', (line) => {
    writeTo(2, line);
  });
  for (const warning of settings.warnings) log.warning(warning);
  return serve(settings, log);
}

function explain(error: unknown): number {
  if (error instanceof FlagError && error.code === 'help') {
    writeTo(1, etcdUsage());
    return 0;
  }
  if (!(error instanceof FlagError || error instanceof SettingError)) throw error;
  writeTo(2, `mini-etcd: ${error.message}\nRun mini-etcd -h for the flags.\n`);
  return 1;
}

async function serve(settings: ServerSettings, log: Logger): Promise<number> {
  const stop = nextSignal();
  let disk: Disk | undefined;
  let server: MiniEtcd | undefined;
  try {
    disk = await openData(settings, log);
    server = new MiniEtcd(systemClock, settings, disk);
    await server.listen(settings.listen);
  } catch (error) {
    await (server ?? disk)?.close();
    if (!(error instanceof ListenError || error instanceof DataError)) throw error;
    log.error(error.message);
    return 1;
  }
  if (settings.verbose) logChanges(server, log);
  const data = settings.dataDir === undefined ? 'data is kept in memory only' : `data is kept in ${settings.dataDir}`;
  log.info(`listening on ${server.urls.join(' and ')}, ${reachOf(server.urls)}; ${data}`);
  const end = await Promise.race([stop, ...(disk === undefined ? [] : [disk.lost])]);
  if (end instanceof Error) log.error(`${end.message}: what is on disk is not sure any more; stopping`);
  else log.info(`${end}: stopping`);
  await server.close();
  return end instanceof Error ? 1 : 0;
}

function openData({ dataDir, name, snapshotCount }: ServerSettings, log: Logger): Promise<Disk | undefined> {
  if (dataDir === undefined) return Promise.resolve(undefined);
  const settings = { folder: dataDir, snapshotCount, ...(name === undefined ? {} : { name }) };
  return openDisk(settings, { clock: systemClock, log });
}

/** Who can reach the store, since it asks nobody for a password. */
function reachOf(urls: readonly string[]): string {
  const isLoopback = (url: string) => /^http:\/\/(?:127\.|\[::1\])/.test(url);
  if (urls.every(isLoopback)) return 'loopback only';
  return 'open to everyone who can reach these addresses, without a password';
}

/** Writes every change with its key, never with its value. */
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

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
process.exitCode = await main(process.argv.slice(2), environment);
