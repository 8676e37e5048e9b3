import { type FlagKind, type FlagSpec, type FlagValue, formatValue } from '../../go/flag.ts';

/** A setting is one row of data, from which flag, variable, TOML key, help and docs are made. */

/** One setting; V is the type of its value. */
export interface Setting<V extends FlagValue = FlagValue> extends FlagSpec {
  readonly default: V;
  /** Key in the configuration file; null for a setting of the command line only. */
  readonly toml: string | null;
  /** Variables of the environment, the first that is not empty counts. */
  readonly env: readonly string[];
  /**
   * True when its value must not be shown; 'path' for a file with a secret, where some stores take the secret itself.
   */
  readonly secret?: true | 'path';
  /** True when its values are addresses, which may have user:password@ before the host. */
  readonly address?: true;
  /** The values that completion offers. */
  readonly choices?: readonly string[];
  /** Its topic on the help screen; the store by default. */
  readonly topic?: Topic;
  /** What is wrong with a value, or null. */
  check?(value: V): string | null;
}

/** The topics of the help screen, in its order. */
export const topics = Object.freeze({
  run: 'Modes',
  limits: 'Limits of templates',
  places: 'Files, keys and log',
  store: 'The store',
  secrets: 'Certificates and passwords',
});

/** A topic of the help screen. */
export type Topic = keyof typeof topics;

/** Settings by the names of their values in the code. */
export type SettingRows = Readonly<Record<string, Setting>>;

/** The values of settings. */
export type Values<Rows extends SettingRows> = { readonly [Name in keyof Rows]: Rows[Name]['default'] };

type Extra<V extends FlagValue> = Partial<Omit<Setting<V>, 'name' | 'kind' | 'usage'>>;

/** A row with an underscored TOML key and a variable CONFD_<NAME>, unless `extra` says otherwise. */
function row<V extends FlagValue>(name: string, kind: FlagKind, usage: string, extra: { default: V } & Extra<V>) {
  const words = name.replaceAll('-', '_');
  return Object.freeze<Setting<V>>({ name, kind, usage, toml: words, env: [`CONFD_${words.toUpperCase()}`], ...extra });
}

/** A text, empty by default. */
export function textSetting(name: string, usage: string, extra: Extra<string> = {}): Setting<string> {
  return row(name, 'string', usage, { default: '', ...extra });
}

/** A boolean, false by default. */
export function boolSetting(name: string, usage: string, extra: Extra<boolean> = {}): Setting<boolean> {
  return row(name, 'bool', usage, { default: false, ...extra });
}

/** Texts, none by default. */
export function listSetting(
  name: string,
  usage: string,
  extra: Extra<readonly string[]> = {},
): Setting<readonly string[]> {
  return row(name, 'list', usage, { default: [], ...extra });
}

/** A number of `unit`, more than 0. */
export function countSetting(
  name: string,
  usage: string,
  extra: Extra<number> & { default: number; unit: string },
): Setting<number> {
  const { unit, ...rest } = extra;
  const check = (value: number) => (value > 0 ? null : `must be a positive number of ${unit}, not ${value}`);
  return row(name, 'int', usage, { check, ...rest });
}

/** The longest time of a timer. */
export const maxTimerSeconds = 2_147_483;

/** A time in milliseconds; above 0, unless mayBeZero. */
export function durationSetting(
  name: string,
  usage: string,
  extra: Extra<number> & { default: number; mayBeZero?: boolean },
): Setting<number> {
  const { mayBeZero = false, ...rest } = extra;
  const check = (ms: number) => {
    const isLong = ms > maxTimerSeconds * 1000;
    if (ms >= 0 && !isLong && (mayBeZero || ms > 0)) return null;
    return `${formatValue('duration', ms)} is ${isLong ? 'too long' : 'too short'}`;
  };
  return row(name, 'duration', usage, { check, ...rest });
}

/** The file with the secret of another setting. */
export function secretFileSetting(secret: string): Setting<string> {
  return textSetting(`${secret}-file`, `file that holds the ${secret}`);
}

/** The rows, with this topic of the help screen. */
export function inTopic<Rows extends SettingRows>(topic: Topic, rows: Rows): Rows {
  const entries = Object.entries(rows).map(([name, setting]) => [name, Object.freeze({ ...setting, topic })]);
  return Object.freeze(Object.fromEntries(entries)) as Rows;
}

/** The default values of the settings. */
export function defaultsOf<Rows extends SettingRows>(rows: Rows): Values<Rows> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.default])) as Values<Rows>;
}
