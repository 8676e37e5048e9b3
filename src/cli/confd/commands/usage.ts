import { basename } from 'node:path';
import type { Argv, Options } from 'yargs';
import { offeredEntries } from '../../../backend/entries.ts';
import { offered } from '../../../config/offered.ts';
import { type Setting, topics } from '../../../config/schema/schema.ts';
import { type FlagSpec, formatValue, usageText } from '../../../go/flag.ts';
import type { Command } from './command.ts';

/** The text of -h, also printed after a wrong command line: Go's layout. */
export function usage(program: string): string {
  return usageText(program, offered);
}

/** What is described: confd or one of its commands. */
export interface Described {
  readonly program: string;
  readonly commands: readonly Command[];
  readonly command: Command | null;
}

/** The text of -h after a command. */
export function commandUsage(program: string, { name, operands, flags, takesSettings }: Command): string {
  const own = usageText(`${program} ${name}${operands === '' ? '' : ` ${operands}`}`, flags);
  const more = `The flags of ${program} can be given, too: "${program} help ${name}" lists all of them\n`;
  return takesSettings ? own + more : own;
}

/** `confd help`: the flags by topic, width columns wide. */
export async function helpScreen(topic: Described, width: number): Promise<string> {
  const screen = (await describe(topic)).wrap(Math.min(width, 110));
  return `${await screen.getHelp()}\n`;
}

/** `confd completion`: a script for bash or, where shell names it, zsh; it asks `--get-yargs-completions`. */
export async function completionScript(topic: Described): Promise<string> {
  const parser = (await describe(topic)).completion('completion', false);
  return new Promise((resolve, reject) => {
    void parser.parse(['completion'], (error: Error | undefined, _argv: unknown, output: string) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
}

/** What can come next; words are the command line so far, with the program as the first word. */
export async function completions(topic: Described, words: readonly string[]): Promise<string[]> {
  const command = topic.commands.find(({ name }) => words.length > 2 && name === words[1]) ?? null;
  const last = words.at(-1) ?? '';
  // The shell completes files and values of flags that take any text.
  const flag = /^--?([^=]+)$/.exec(words.at(-2) ?? '')?.[1];
  const rows: readonly (FlagSpec & Pick<Setting, 'choices'>)[] = [...(command?.flags ?? []), ...offered];
  const spec = rows.find(({ name }) => name === flag);
  if (spec !== undefined && spec.kind !== 'bool') {
    return (spec.choices ?? []).filter((choice) => choice.startsWith(last));
  }
  if (command !== null && !last.startsWith('-')) {
    return command.name === 'help'
      ? topic.commands.map(({ name }) => name).filter((name) => name.startsWith(last))
      : [];
  }
  const parser = await describe({ ...topic, command });
  const twoHyphens = words.map((word) => word.replace(/^-(?=[^-])/, '--'));
  return new Promise((resolve, reject) => {
    parser.getCompletion(twoHyphens, (error, found) => {
      if (error) reject(error);
      else resolve([...found]);
    });
  });
}

async function describe({ program, commands, command }: Described): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  const parser = yargs([])
    .scriptName(basename(program))
    .usage(`$0 ${shapeOf(command)}\n\n${summaryOf(command)}`)
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false, 'dot-notation': false });
  const own = command?.flags ?? [];
  for (const spec of own) parser.option(spec.name, optionOf(spec, `Only for ${command!.name}:`));
  if (command === null)
    for (const { name, operands, summary } of commands) parser.command(`${name} ${operands}`, summary);
  if (command?.takesSettings === false) return parser;
  const hyphens = 'Flags begin with one hyphen or two. A boolean flag takes a value only after "=": -watch=false.';
  parser.epilogue(`The backends:\n${backendLines()}\n\n${hyphens}`);
  const without = command === null ? [] : ['version', 'print-config'];
  for (const [topic, heading] of Object.entries(topics))
    for (const row of offered)
      if ((row.topic ?? 'store') === topic && !without.includes(row.name))
        parser.option(row.name, optionOf(row, `${heading}:`));
  return parser;
}

function backendLines(): string {
  const width = Math.max(...offeredEntries.map(({ name }) => name.length));
  return offeredEntries.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`).join('\n');
}

function shapeOf(command: Command | null): string {
  if (command === null) return '[flags]';
  const { name, operands, flags, takesSettings } = command;
  return [name, takesSettings || flags.length > 0 ? '[flags]' : '', operands].filter((part) => part !== '').join(' ');
}

function summaryOf(command: Command | null): string {
  if (command === null)
    return 'Renders configuration files from templates and the keys of a store, and keeps them up to date.';
  return `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`;
}

function optionOf(spec: FlagSpec & Pick<Setting, 'choices'>, group: string): Options {
  const shown = formatValue(spec.kind, spec.default);
  return {
    group,
    describe: spec.usage.replaceAll('`', ''),
    ...(spec.kind === 'bool' ? { boolean: true } : { string: true, requiresArg: true }),
    ...(spec.kind === 'list' ? { array: true } : {}),
    ...(['', '[]', 'false'].includes(shown) ? {} : { defaultDescription: shown, default: undefined }),
    ...(spec.choices === undefined ? {} : { choices: spec.choices }),
  };
}
