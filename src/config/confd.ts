import { type FlagValue, formatValue } from '../go/flag.ts';
import { ConfigError } from './error.ts';
import { asTable, findEntry, unknownKeys } from './fields.ts';
import { readConfigFile } from './file.ts';
import { oldSettings, settings } from './flags.ts';
import { modernise } from './old.ts';
import { exposed, inOneWay, withFile } from './secrets.ts';
import { type Chosen, fromEnv, fromFlags, fromToml, type Given, layer } from './setting.ts';
import { parseToml, type TomlFile } from './toml.ts';

/** Everything that an operator can set; '' is not set. All strings are text. */
export interface Config {
  readonly appId: string;
  readonly authToken: string;
  /** In place of authToken; of the two, only the stronger layer's is set. So it is for the other secrets. */
  readonly authTokenFile: string;
  readonly authType: string;
  readonly backend: string;
  readonly backendTimeoutMs: number;
  readonly basicAuth: boolean;
  readonly clientCaKeys: string;
  readonly clientCert: string;
  readonly clientInsecure: boolean;
  readonly clientKey: string;
  readonly confdir: string;
  /** '' keeps the embedded store in memory only. */
  readonly dataDir: string;
  readonly debounceMs: number;
  readonly files: readonly string[];
  readonly filter: string;
  /** Never more than a timer can wait, 24 days. */
  readonly intervalSeconds: number;
  readonly keepStageFile: boolean;
  readonly listen: readonly string[];
  /** As typed; '' means info. */
  readonly logLevel: string;
  /** Largest output of a template, in bytes. */
  readonly maxOutputBytes: number;
  readonly nodes: readonly string[];
  readonly noop: boolean;
  readonly onetime: boolean;
  readonly password: string;
  readonly passwordFile: string;
  readonly path: string;
  readonly prefix: string;
  readonly renderTimeoutMs: number;
  readonly roleId: string;
  readonly scheme: string;
  readonly secretId: string;
  readonly secretIdFile: string;
  /** '' means that there are no encrypted values. */
  readonly secretKeyring: string;
  readonly separator: string;
  readonly splayMs: number;
  readonly srvDomain: string;
  readonly srvRecord: string;
  readonly syncOnly: boolean;
  readonly table: string;
  readonly userId: string;
  readonly userIdFile: string;
  readonly username: string;
  readonly watch: boolean;
}

/** The settings of one start, with what the operator should be told about them. */
export interface LoadedConfig {
  readonly config: Config;
  /** Each setting with the layer that set it, in alphabetical order. */
  readonly chosen: ReadonlyMap<string, Chosen>;
  readonly warnings: readonly string[];
  /** Facts for the log at INFO. */
  readonly notes: readonly string[];
  /** A -config-file that holds a [template] table: that resource belongs to those of conf.d. */
  readonly resourceFile: string | null;
}

/** Layers the flags that were given (of any release), environment and configuration file. Throws ConfigError. */
export async function loadConfig(
  flags: ReadonlyMap<string, FlagValue>,
  env: ReadonlyMap<string, string>,
): Promise<LoadedConfig> {
  const flag = modernise(fromFlags(flags));
  const envLayer = fromEnv(settings, env);
  const read = await readGlobal(flag.layer.get('config-file') ?? envLayer.get('config-file'));
  const file = modernise(read.given);
  const given = { file: file.layer, env: envLayer, flag: flag.layer };
  const chosen = layer(settings, inOneWay(withFile(settings), given));
  check(chosen);
  return {
    config: configOf(chosen),
    chosen,
    warnings: [...flag.warnings, ...read.warnings, ...file.warnings, ...doubts(chosen), ...(await exposed(chosen))],
    notes: read.notes,
    resourceFile: read.resourceFile,
  };
}

interface GlobalFile {
  given: Map<string, Given>;
  warnings: string[];
  notes: string[];
  resourceFile: string | null;
}

async function readGlobal(named: Given | undefined): Promise<GlobalFile> {
  const path = named?.value ?? settings.find(({ name }) => name === 'config-file')!.default;
  const nothing = { given: new Map<string, Given>(), warnings: [], notes: [], resourceFile: null };
  if (path === '') return nothing;
  try {
    return interpret(parseToml(path as string, await readConfigFile(path as string)));
  } catch (error) {
    if (!(error instanceof ConfigError) || (error.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT')
      throw error;
    if (named === undefined) return nothing;
    throw new ConfigError(`${error.message} (named by ${named.where})`, error.file, null, { cause: error });
  }
}

// Fields of confd's settings record that its decoder fills and nothing uses.
const idleKeys = ['configfile', 'printversion', 'role', 'configdir', 'templatedir'];

function interpret(toml: TomlFile): GlobalFile {
  const rows = [...settings, ...oldSettings];
  const known = [...rows.flatMap(({ toml: key }) => key ?? []), ...idleKeys];
  const warnings = unknownKeys(toml, toml.table, [...known, 'template', 'confd']);
  const notes: string[] = [];
  const old = findEntry(toml.table, 'confd');
  const oldTable = old === undefined ? new Map<string, never>() : asTable(toml.file, old);
  if (old !== undefined) {
    warnings.push(`${toml.file}:${old.line ?? 1}: a [confd] table is an older layout: put its keys at the top level`);
    warnings.push(...unknownKeys(toml, oldTable, known));
  }
  const hasTemplate = findEntry(toml.table, 'template') !== undefined;
  if (hasTemplate) notes.push(`${toml.file} is a template resource: it is processed together with those in conf.d`);
  else if (['src', 'dest'].some((key) => findEntry(toml.table, key) !== undefined)) {
    warnings.push(`${toml.file}: this looks like a template resource whose [template] header is missing`);
  }
  return {
    given: new Map([...fromToml(rows, toml, oldTable), ...fromToml(rows, toml, toml.table)]),
    warnings,
    notes,
    resourceFile: hasTemplate ? toml.file : null,
  };
}

const longestTimerSeconds = 2_147_483;

function configOf(chosen: ReadonlyMap<string, Chosen>): Config {
  const text = (name: string): string => chosen.get(name)!.value as string;
  const yes = (name: string): boolean => chosen.get(name)!.value as boolean;
  const number = (name: string): number => chosen.get(name)!.value as number;
  const list = (name: string): readonly string[] => Object.freeze([...(chosen.get(name)!.value as readonly string[])]);
  return Object.freeze({
    appId: text('app-id'),
    authToken: text('auth-token'),
    authTokenFile: text('auth-token-file'),
    authType: text('auth-type'),
    backend: text('backend') === '' ? 'etcd' : text('backend'),
    backendTimeoutMs: number('backend-timeout'),
    basicAuth: yes('basic-auth'),
    clientCaKeys: text('client-ca-keys'),
    clientCert: text('client-cert'),
    clientInsecure: yes('client-insecure'),
    clientKey: text('client-key'),
    confdir: text('confdir'),
    dataDir: text('data-dir'),
    debounceMs: number('debounce'),
    files: list('file'),
    filter: text('filter'),
    intervalSeconds: Math.min(number('interval'), longestTimerSeconds),
    keepStageFile: yes('keep-stage-file'),
    listen: list('listen'),
    logLevel: text('log-level'),
    maxOutputBytes: number('max-output') * 1024 * 1024,
    nodes: list('node'),
    noop: yes('noop'),
    onetime: yes('onetime'),
    password: text('password'),
    passwordFile: text('password-file'),
    path: text('path'),
    prefix: text('prefix'),
    renderTimeoutMs: number('render-timeout'),
    roleId: text('role-id'),
    scheme: text('scheme'),
    secretId: text('secret-id'),
    secretIdFile: text('secret-id-file'),
    secretKeyring: text('secret-keyring'),
    separator: text('separator'),
    splayMs: number('splay'),
    srvDomain: text('srv-domain'),
    srvRecord: text('srv-record'),
    syncOnly: yes('sync-only'),
    table: text('table'),
    userId: text('user-id'),
    userIdFile: text('user-id-file'),
    username: text('username'),
    watch: yes('watch'),
  });
}

/** Throws ConfigError for values that cannot work, alone or together. */
function check(chosen: ReadonlyMap<string, Chosen>): void {
  const refuse = (name: string, message: string): never => {
    throw new ConfigError(`${name} (set by ${chosen.get(name)!.where}): ${message}`);
  };
  const value = (name: string): FlagValue => chosen.get(name)!.value;
  if ((value('interval') as number) <= 0) {
    refuse('interval', `must be a positive number of seconds, not ${value('interval') as number}`);
  }
  if ((value('max-output') as number) <= 0) {
    refuse('max-output', `must be a positive number of mebibytes, not ${value('max-output') as number}`);
  }
  for (const name of ['backend-timeout', 'debounce', 'render-timeout', 'splay']) {
    const ms = value(name) as number;
    const isLong = ms > longestTimerSeconds * 1000;
    if (ms < 0 || isLong || (!['debounce', 'splay'].includes(name) && ms === 0)) {
      refuse(name, `${formatValue('duration', ms)} is ${isLong ? 'too long' : 'too short'}`);
    }
  }
  if (!['http', 'https', ''].includes(value('scheme') as string)) refuse('scheme', 'must be http or https');
  const nodes = ['node', 'srv-domain', 'srv-record'].find((name) => (value(name) as string | string[]).length > 0);
  if (value('backend') === 'embedded' && nodes !== undefined) {
    refuse(nodes, 'excludes the backend embedded, which runs in this process and has no other nodes');
  }
  if (value('backend') === 'dynamodb' && value('table') === '') throw new ConfigError('no DynamoDB table configured');
}

/** Combinations that work, though hardly as meant. */
function doubts(chosen: ReadonlyMap<string, Chosen>): string[] {
  const value = (name: string): FlagValue => chosen.get(name)!.value;
  const warnings: string[] = [];
  if ((value('interval') as number) > longestTimerSeconds) {
    warnings.push(`interval: ${longestTimerSeconds} seconds are the most that can be waited`);
  }
  if (value('client-cert') !== '' && value('client-key') === '') {
    warnings.push('client-cert is not used without client-key');
  }
  const hasPassword = value('password') !== '' || value('password-file') !== '';
  if (value('basic-auth') === true && (value('username') === '' || !hasPassword)) {
    warnings.push('basic-auth is not used without both username and password');
  }
  for (const name of ['listen', 'data-dir']) {
    if (value('backend') !== 'embedded' && chosen.get(name)!.from !== 'default') {
      warnings.push(`${name} is not used without the backend embedded`);
    }
  }
  return warnings;
}
