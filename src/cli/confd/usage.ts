import { basename } from 'node:path';
import type { Argv, Options } from 'yargs';
import { offered } from '../../config/flags.ts';
import { type FlagSpec, formatValue, usageText } from '../../go/flag.ts';

/** What -h prints and what follows a command line that is refused: Go's layout. */
export function usage(program: string): string {
  return usageText(program, offered);
}

/** `confd help`: the flags by topic, width columns wide. */
export async function helpScreen(program: string, width: number): Promise<string> {
  const screen = (await describe(program)).wrap(Math.min(width, 110));
  return `${await screen.getHelp()}\n`;
}

/** `confd completion`: a script for bash or, where shell names it, zsh; it asks `--get-yargs-completions`. */
export async function completionScript(program: string): Promise<string> {
  const parser = (await describe(program)).completion('completion', false);
  return new Promise((resolve, reject) => {
    void parser.parse(['completion'], (error: Error | undefined, _argv: unknown, output: string) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
}

/** What can come at the end of words, the command line typed so far with the program as its first word. */
export async function completions(program: string, words: readonly string[]): Promise<string[]> {
  // Values of flags that take any text are left to the shell, which knows the files.
  const flag = /^--?([^=]+)$/.exec(words.at(-2) ?? '')?.[1];
  const spec = offered.find(({ name }) => name === flag);
  if (spec !== undefined && spec.kind !== 'bool' && !choices.has(spec.name)) return [];
  const parser = await describe(program);
  const twoHyphens = words.map((word) => word.replace(/^-(?=[^-])/, '--'));
  return new Promise((resolve, reject) => {
    parser.getCompletion(twoHyphens, (error, found) => {
      if (error) reject(error);
      else resolve([...found]);
    });
  });
}

async function describe(program: string): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  const parser = yargs([])
    .scriptName(basename(program))
    .usage('$0 [flags]\n\nKeeps files equal to what templates make of the keys of a store.')
    .epilogue('One hyphen or two; boolean flags take a value only after "=": -watch=false.')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false, 'dot-notation': false });
  for (const [group, names] of groups) for (const name of names) parser.option(name, optionOf(find(name), group));
  return parser;
}

function find(name: string): FlagSpec {
  return offered.find((spec) => spec.name === name)!;
}

function optionOf(spec: FlagSpec, group: string): Options {
  const shown = formatValue(spec.kind, spec.default);
  const known = choices.get(spec.name);
  return {
    group,
    describe: spec.usage.replaceAll('`', ''),
    ...(spec.kind === 'bool' ? { boolean: true } : { string: true, requiresArg: true }),
    ...(spec.kind === 'list' ? { array: true } : {}),
    ...(['', '[]', 'false'].includes(shown) ? {} : { defaultDescription: shown, default: undefined }),
    ...(known === undefined ? {} : { choices: known }),
  };
}

/** The stores that this release can read. */
export const backends: readonly string[] = ['etcd', 'etcdv2', 'etcdv3', 'embedded', 'env', 'file'];

/** What can stand in place of flags. */
export const commands: readonly string[] = ['help', 'completion'];

const choices: ReadonlyMap<string, readonly string[]> = new Map([
  ['backend', backends],
  ['log-level', ['debug', 'info', 'warn', 'error', 'fatal', 'panic']],
  ['scheme', ['http', 'https']],
]);

const groups: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'What to do:',
    ['onetime', 'watch', 'interval', 'debounce', 'splay', 'noop', 'sync-only', 'keep-stage-file', 'stop-timeout'],
  ],
  ['What a template may take:', ['render-timeout', 'max-output']],
  [
    'Where things are:',
    ['confdir', 'config-file', 'lenient', 'prefix', 'log-level', 'state-dir', 'print-config', 'version'],
  ],
  [
    'The store:',
    [
      'backend',
      'node',
      'scheme',
      'srv-domain',
      'srv-record',
      'backend-timeout',
      'listen',
      'data-dir',
      'file',
      'filter',
    ],
  ],
  [
    'Certificates and passwords:',
    [
      ...['client-ca-keys', 'client-cert', 'client-key', 'client-insecure'],
      ...['basic-auth', 'username', 'password', 'password-file', 'secret-keyring'],
    ],
  ],
]);
