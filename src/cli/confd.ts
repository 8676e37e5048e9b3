import { basename } from 'node:path';
import { ConfigError } from '../config/error.ts';
import { loadConfig, type LoadedConfig, parseArgs } from '../config/confd.ts';
import { FlagError, type ParsedFlags } from '../go/flag.ts';
import { createLogger, type Logger, parseLevel } from '../obs/log.ts';
import { writeTo } from './output.ts';
import { completions, completionScript, helpScreen, usage } from './usage.ts';
import { versionLine } from './version.ts';

/** Runs confd; resolves to its exit code. */
async function main(program: string, args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  let flags: ParsedFlags;
  try {
    flags = parseArgs(args);
  } catch (error) {
    return refuse(program, error);
  }
  if (flags.set.get('version') === true) {
    writeTo(1, versionLine(process.version));
    return 0;
  }
  if (args.length === flags.rest.length && (args[0] === 'help' || args[0] === 'completion')) {
    return explain(program, args[0]);
  }
  if (args.includes('--get-yargs-completions')) return complete(program, args);
  return configure(program, flags, env);
}

/** A command line that Go's flag package would not take: its words, the usage, and its exit codes. */
function refuse(program: string, error: unknown): number {
  if (!(error instanceof FlagError)) throw error;
  writeTo(2, error.code === 'help' ? usage(program) : `${error.message}\n${usage(program)}`);
  return error.code === 'help' ? 0 : 2;
}

async function explain(program: string, topic: 'help' | 'completion'): Promise<number> {
  writeTo(
    1,
    topic === 'help' ? await helpScreen(program, process.stdout.columns || 80) : await completionScript(program),
  );
  return 0;
}

async function complete(program: string, args: readonly string[]): Promise<number> {
  const words = args.slice(args.indexOf('--get-yargs-completions') + 1);
  writeTo(1, (await completions(program, words)).map((word) => `${word}\n`).join(''));
  return 0;
}

async function configure(program: string, flags: ParsedFlags, env: ReadonlyMap<string, string>): Promise<number> {
  const tag = basename(program);
  const logAt = (level: string): Logger | undefined => {
    const known = parseLevel(level === '' ? 'info' : level);
    return (
      known &&
      createLogger(tag, known, (line) => {
        writeTo(2, line);
      })
    );
  };
  const load = () => loadConfig(flags.set, env);
  let loaded: LoadedConfig;
  try {
    loaded = await load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logAt('')!.fatal(error.message);
    return 1;
  }
  if (flags.set.get('print-config') === true) {
    const { printConfig } = await import('./printConfig.ts');
    writeTo(1, printConfig(loaded.chosen));
    return 0;
  }
  const log = logAt(loaded.config.logLevel);
  if (log === undefined) {
    logAt('')!.fatal(`not a valid level: "${loaded.config.logLevel}"`);
    return 1;
  }
  const { run } = await import('./run.ts');
  return run(loaded, { env, log, reload: load });
}

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
// An exit at once: nothing that a library left open may keep a finished agent alive.
process.exit(await main(process.argv[1] ?? 'confd', process.argv.slice(2), environment));
