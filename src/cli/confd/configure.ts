import { loadConfig, type LoadedConfig } from '../../config/confd.ts';
import { ConfigError } from '../../config/error.ts';
import { oldSettings, settings } from '../../config/flags.ts';
import { parseFlags, type ParsedFlags } from '../../go/flag.ts';
import { redact } from '../../go/redact.ts';
import { createLogger, type Logger, parseLevel } from '../../obs/log.ts';
import { writeTo } from '../process/output.ts';
import { versionLine } from '../process/version.ts';
import { run } from './run.ts';

// Part of the agent's chunk of the bundle: a chunk of its own would split off the shared modules, and every start would
// load one more file.
export { diff } from './preview/diff.ts';
export { print } from './preview/print.ts';

/** Loads the settings, then runs the agent or prints the settings; returns the exit code. */
export async function configure(
  program: string,
  args: readonly string[],
  env: ReadonlyMap<string, string>,
): Promise<number> {
  let parsed: ParsedFlags;
  try {
    parsed = parseFlags(args, [...settings, ...oldSettings]);
  } catch (error) {
    // One chunk with the commands: each further chunk would split off modules of the agent's.
    const { refuseFlags, usage } = await import('./commands/dispatch.ts');
    return refuseFlags(program, error, () => usage(program));
  }
  const { set: flags, rest } = parsed;
  if (flags.get('version') === true) {
    writeTo(1, versionLine(process.version));
    return 0;
  }
  const reload = () => loadConfig(flags, env);
  let loaded: LoadedConfig;
  try {
    loaded = await reload();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    loggerOf(program, 'info')!.fatal(error.message);
    return 1;
  }
  if (flags.get('print-config') === true) {
    const { printConfig } = await import('./print-config.ts');
    writeTo(1, printConfig(loaded.chosen, loaded.sources.named));
    return 0;
  }
  const { logLevel } = loaded.config;
  const log = loggerOf(program, logLevel === '' ? 'info' : logLevel);
  if (log !== undefined) {
    if (rest.length > 0) log.warning(ignored(rest));
    return run(loaded, { env, log, reload });
  }
  loggerOf(program, 'info')!.fatal(`not a valid level: "${redact(logLevel)}"`);
  return 1;
}

/** Words that Go's flag package would ignore without a message; values are left out, as one may be a password. */
function ignored([word, ...more]: readonly string[]): string {
  const flags = more.filter((arg) => /^-./.test(arg)).map((arg) => /^[^=]*/.exec(arg)![0]);
  const lost = flags.length === 0 ? '' : ` and the flags after it (${flags.join(', ')})`;
  return `Ignored "${word!}"${lost}: flags end at the first word that is not a flag (a boolean flag takes its value after "=")`;
}

function loggerOf(tag: string, level: string): Logger | undefined {
  const threshold = parseLevel(level);
  if (threshold === undefined) return undefined;
  return createLogger(tag, threshold, (line) => {
    writeTo(2, line);
  });
}
