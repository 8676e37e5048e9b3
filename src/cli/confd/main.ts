import { basename } from 'node:path';
import { oldSettings, settings } from '../../config/flags.ts';
import { FlagError, parseFlags, type ParsedFlags } from '../../go/flag.ts';
import { nearest } from '../../go/nearest.ts';
import { writeTo } from '../process/output.ts';
import { backends, commands, completions, completionScript, helpScreen, usage } from './usage.ts';
import { versionLine } from '../process/version.ts';

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
  const [word] = flags.rest;
  if (flags.set.size === 0 && word !== undefined) {
    if (word === 'help' || word === 'completion') return explain(program, word);
    if (args[0] === word) return refuseWord(program, word);
  }
  const { configure } = await import('./configure.ts');
  return configure(program, flags, env);
}

/** A command line that Go's flag package would not take: its words and its exit codes. */
function refuse(program: string, error: unknown): number {
  if (!(error instanceof FlagError)) throw error;
  if (error.code === 'help') {
    writeTo(2, usage(program));
    return 0;
  }
  const hint = error.near === null ? '' : `; did you mean -${error.near}?`;
  writeTo(2, `${error.message}${hint}\n"${program} -h" lists the flags\n`);
  return 2;
}

/** A first word that is no command: Go's confd ignores it and all flags behind it, which nobody means. */
function refuseWord(program: string, word: string): number {
  const near = nearest(word, commands);
  const hint = backends.includes(word)
    ? `did you mean -backend ${word}?`
    : near === null
      ? `the commands are ${commands.join(' and ')}; without one, flags run the agent ("${program} -h" lists them)`
      : `did you mean "${program} ${near}"?`;
  writeTo(2, `${program}: there is no command "${word}"; ${hint}\n`);
  return 2;
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
