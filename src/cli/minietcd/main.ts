import { ConfigError } from '../../config/error.ts';
import { FlagError } from '../../go/flag.ts';
import { loadSettings, type ServerSettings } from './flags.ts';
import { SettingError } from './layers.ts';
import { etcdUsage } from './help.ts';
import { maintain, maintenance } from './maintenance.ts';
import { writeTo } from '../process/output.ts';
import { serveEtcd } from './serve.ts';
import { transfers } from './transfer-commands.ts';
import { version } from '../process/version.ts';

/** Runs mini-etcd until a signal; returns the exit code. */
async function main(args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  const command = maintenance.find((name) => name === args[0]);
  if (command !== undefined) {
    return maintain(command, args.slice(1), async () => (await loadSettings([], env)).dataDir).catch(explain);
  }
  const carry = transfers.find((name) => name === args[0]);
  if (carry !== undefined) {
    const { transfer } = await import('./transfer.ts');
    return transfer(carry, args.slice(1));
  }
  let settings: ServerSettings;
  try {
    settings = await loadSettings(args, env);
  } catch (error) {
    return explain(error);
  }
  if (settings.version) {
    writeTo(1, `mini-etcd version ${version}\n`);
    return 0;
  }
  return serveEtcd(settings, args);
}

function explain(error: unknown): number {
  if (error instanceof FlagError && error.code === 'help') {
    writeTo(1, etcdUsage());
    return 0;
  }
  const isReported = error instanceof FlagError || error instanceof SettingError || error instanceof ConfigError;
  if (!isReported) throw error;
  const near = error instanceof FlagError && error.near !== null ? `; did you mean -${error.near}?` : '';
  const hint = error instanceof FlagError ? `${near}; mini-etcd -h lists the flags` : '';
  writeTo(2, `mini-etcd: ${error.message}${hint}\n`);
  return 1;
}

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
void main(process.argv.slice(2), environment).then((code) => {
  process.exitCode = code;
});
