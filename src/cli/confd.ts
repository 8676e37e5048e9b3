import { basename } from 'node:path';
import { oldSettings, settings } from '../config/flags.ts';
import { FlagError, parseFlags, type ParsedFlags } from '../go/flag.ts';
import { writeTo } from './output.ts';
import { completions, completionScript, helpScreen, usage } from './usage.ts';
import { versionLine } from './version.ts';

/** Runs confd; resolves to its exit code. */
async function main(program: string, args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  if (args[0] === '--get-yargs-completions') return complete(program, args.slice(1));
  let flags: ParsedFlags;
  try {
    flags = parseFlags(args, [...settings, ...oldSettings]);
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
  const { configure } = await import('./configure.ts');
  return configure(program, flags.set, env);
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

/** What the script of `confd completion` asks for. */
async function complete(program: string, words: readonly string[]): Promise<number> {
  writeTo(1, (await completions(program, words)).map((word) => `${word}\n`).join(''));
  return 0;
}

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
// An exit at once: nothing that a library left open may keep a finished agent alive.
process.exit(await main(basename(process.argv[1] ?? 'confd'), process.argv.slice(2), environment));
