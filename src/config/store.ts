import { type FlagValue, formatValue } from '../go/flag.ts';
import { ConfigError, type ConfigWarning, warningFrom } from './error.ts';
import { refuseMisspelt, unknownKeys } from './toml-fields.ts';
import { settings } from './flags.ts';
import { exposed, inOneWay, withFile } from './secrets.ts';
import { type Chosen, fromToml, layer } from './setting.ts';
import type { TomlFile, TomlTable } from './toml.ts';

/** How to reach one store; '' and an empty list are what was not set. All strings are text. */
export interface StoreSettings {
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
  readonly files: readonly string[];
  readonly filter: string;
  readonly nodes: readonly string[];
  readonly password: string;
  readonly passwordFile: string;
  readonly path: string;
  readonly roleId: string;
  readonly scheme: string;
  readonly secretId: string;
  readonly secretIdFile: string;
  readonly separator: string;
  readonly srvDomain: string;
  readonly srvRecord: string;
  readonly table: string;
  readonly userId: string;
  readonly userIdFile: string;
  readonly username: string;
}

const rowNames: ReadonlySet<string> = new Set([
  ...['app-id', 'auth-token', 'auth-token-file', 'auth-type', 'backend', 'backend-timeout', 'basic-auth'],
  ...['client-ca-keys', 'client-cert', 'client-insecure', 'client-key', 'file', 'filter', 'node', 'password'],
  ...['password-file', 'path', 'role-id', 'scheme', 'secret-id', 'secret-id-file', 'separator', 'srv-domain'],
  ...['srv-record', 'table', 'user-id', 'user-id-file', 'username'],
]);

/** The part of the settings that makes a store what it is. */
export function storeOf(chosen: ReadonlyMap<string, Chosen>): StoreSettings {
  const text = (name: string): string => chosen.get(name)!.value as string;
  const yes = (name: string): boolean => chosen.get(name)!.value as boolean;
  const list = (name: string): readonly string[] => Object.freeze([...(chosen.get(name)!.value as readonly string[])]);
  return Object.freeze({
    appId: text('app-id'),
    authToken: text('auth-token'),
    authTokenFile: text('auth-token-file'),
    authType: text('auth-type'),
    backend: text('backend') === '' ? 'etcd' : text('backend'),
    backendTimeoutMs: chosen.get('backend-timeout')!.value as number,
    basicAuth: yes('basic-auth'),
    clientCaKeys: text('client-ca-keys'),
    clientCert: text('client-cert'),
    clientInsecure: yes('client-insecure'),
    clientKey: text('client-key'),
    files: list('file'),
    filter: text('filter'),
    nodes: list('node'),
    password: text('password'),
    passwordFile: text('password-file'),
    path: text('path'),
    roleId: text('role-id'),
    scheme: text('scheme'),
    secretId: text('secret-id'),
    secretIdFile: text('secret-id-file'),
    separator: text('separator'),
    srvDomain: text('srv-domain'),
    srvRecord: text('srv-record'),
    table: text('table'),
    userId: text('user-id'),
    userIdFile: text('user-id-file'),
    username: text('username'),
  });
}

/** The longest that a timer can wait. */
export const maxTimerSeconds = 2_147_483;

/** What is wrong with a setting, by its name and by who set it. */
export function refusal(chosen: ReadonlyMap<string, Chosen>, name: string, message: string): ConfigError {
  return new ConfigError(`${name} (set by ${chosen.get(name)!.where}): ${message}`);
}

/** Throws ConfigError unless the setting is a time that can be waited, and more than nothing unless that is fine. */
export function checkDuration(chosen: ReadonlyMap<string, Chosen>, name: string, mayBeZero = false): void {
  const ms = chosen.get(name)!.value as number;
  const isLong = ms > maxTimerSeconds * 1000;
  if (ms < 0 || isLong || (!mayBeZero && ms === 0)) {
    throw refusal(chosen, name, `${formatValue('duration', ms)} is ${isLong ? 'too long' : 'too short'}`);
  }
}

/** Throws ConfigError for settings of a store that cannot work. */
export function checkStore(chosen: ReadonlyMap<string, Chosen>): void {
  const value = (name: string): FlagValue => chosen.get(name)!.value;
  checkDuration(chosen, 'backend-timeout');
  if (!['http', 'https', ''].includes(value('scheme') as string)) {
    throw refusal(chosen, 'scheme', 'must be http or https');
  }
  if (value('backend') === 'dynamodb' && value('table') === '') throw new ConfigError('no DynamoDB table configured');
}

/** Settings of a store that work, though hardly as meant. */
export function storeDoubts(chosen: ReadonlyMap<string, Chosen>): string[] {
  const value = (name: string): FlagValue => chosen.get(name)!.value;
  const warnings = [...chosen.values()]
    .filter(({ setting, from }) => setting.missing !== undefined && from !== 'default')
    .map(({ setting: { name, missing } }) => `${name} is not used: this release does not have the backend ${missing!}`);
  if (value('client-cert') !== '' && value('client-key') === '') {
    warnings.push('client-cert is not used without client-key');
  }
  const hasPassword = value('password') !== '' || value('password-file') !== '';
  if (value('basic-auth') === true && (value('username') === '' || !hasPassword)) {
    warnings.push('basic-auth is not used without both username and password');
  }
  return warnings;
}

/** A store that a table of its own describes. */
export interface StoreTable {
  readonly store: StoreSettings;
  /** Each setting of the store with what set it. */
  readonly chosen: ReadonlyMap<string, Chosen>;
  readonly warnings: readonly ConfigWarning[];
}

/** Where a table stands. */
export interface Place {
  readonly toml: TomlFile;
  readonly table: TomlTable;
  /** Its file and line. */
  readonly where: string;
  /** Whether a key that is misspelt, probably, is left at a warning. */
  readonly lenient: boolean;
}

/**
 * The store that the table describes, all by itself: what it leaves out is the default and not the global setting, so
 * that no password goes to a store that it is not for. Only the timeout is everyone's. `more` are further settings that
 * the table may have. Throws ConfigError.
 */
export async function readStore(
  { toml, table, where, lenient }: Place,
  timeoutMs: number | null,
  more: readonly string[] = [],
): Promise<StoreTable> {
  const rows = settings.filter(({ name }) => rowNames.has(name) || more.includes(name));
  const known = rows.flatMap(({ toml: key }) => key ?? []);
  if (!lenient) refuseMisspelt(toml, table, known);
  const own = rows.map((row) => (row.name === 'backend-timeout' ? { ...row, default: timeoutMs ?? row.default } : row));
  const layers = { file: fromToml(own, toml, table), env: new Map(), flag: new Map() };
  const chosen = layer(own, inOneWay(withFile(own), layers));
  checkStore(chosen);
  if (chosen.get('backend')!.value === 'embedded') {
    const why = 'the embedded store is this process: it can only be the global one (-backend embedded)';
    throw refusal(chosen, 'backend', why);
  }
  const doubts = storeDoubts(chosen).map((doubt) => warningFrom('doubtful-setting', where, doubt));
  return {
    store: storeOf(chosen),
    chosen,
    warnings: [...unknownKeys(toml, table, known), ...doubts, ...(await exposed(chosen))],
  };
}
