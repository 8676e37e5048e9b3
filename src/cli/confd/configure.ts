import { loadConfig, type LoadedConfig } from '../../config/confd.ts';
import { ConfigError } from '../../config/error.ts';
import type { ParsedFlags } from '../../go/flag.ts';
import { redact } from '../../go/redact.ts';
import { createLogger, type Logger, parseLevel } from '../../obs/log.ts';
import { writeTo } from '../process/output.ts';
import { run } from './run.ts';

/** Settles what confd shall do, and does it or prints it; the exit code. */
export async function configure(
  tag: string,
  { set: flags, rest }: ParsedFlags,
  env: ReadonlyMap<string, string>,
): Promise<number> {
  const reload = () => loadConfig(flags, env);
  let loaded: LoadedConfig;
  try {
    loaded = await reload();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    loggerOf(tag, 'info')!.fatal(error.message);
    return 1;
  }
  if (flags.get('print-config') === true) {
    const { printConfig } = await import('./print-config.ts');
    writeTo(1, printConfig(loaded.chosen, loaded.sources.named));
    return 0;
  }
  const { logLevel } = loaded.config;
  const log = loggerOf(tag, logLevel === '' ? 'info' : logLevel);
  if (log !== undefined) {
    if (rest.length > 0) log.warning(ignored(rest));
    return run(loaded, { env, log, reload });
  }
  loggerOf(tag, 'info')!.fatal(`not a valid level: "${redact(logLevel)}"`);
  return 1;
}

/** What Go's flag package would drop without a word; values are left out, as one may be a password. */
function ignored([word, ...more]: readonly string[]): string {
  const flags = more.filter((arg) => /^-./.test(arg)).map((arg) => /^[^=]*/.exec(arg)![0]);
  const lost = flags.length === 0 ? '' : `, and with it ${flags.join(', ')}`;
  return `Ignored "${word!}"${lost}: flags end at the first word that is not a flag (a boolean flag takes its value after "=")`;
}

function loggerOf(tag: string, level: string): Logger | undefined {
  const threshold = parseLevel(level);
  if (threshold === undefined) return undefined;
  return createLogger(tag, threshold, (line) => {
    writeTo(2, line);
  });
}
