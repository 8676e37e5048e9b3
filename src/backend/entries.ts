import { boolSetting, type Setting, type SettingRows, textSetting, type Values } from '../config/schema/schema.ts';
import { listed } from '../go/count.ts';
import type { BackendEntry } from './contract/entry.ts';
import { timeoutSettings } from './net/settings.ts';
import * as registry from './registry.ts';

type Registered = (typeof registry)[keyof typeof registry];
type EntryOf<T> = T extends readonly (infer One)[] ? One : T;
type All<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer Whole) => void ? Whole : never;
type OwnSettings = All<EntryOf<Registered>['settings']>;

type AllSettings = Readonly<
  { backend: Setting<string>; secret: Setting<boolean> } & typeof timeoutSettings & OwnSettings
>;

/** The settings of one store; '' and an empty list mean "not set". All strings are text. */
export type StoreSettings = Values<AllSettings>;

/** An entry that accepts the settings of all stores, including its own. */
type Entry = BackendEntry<SettingRows, StoreSettings>;

/** Every known store, in alphabetical order. */
const entries: readonly Entry[] = (Object.values(registry) as Registered[])
  .flat()
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The stores that this release can read; `-backend` offers them. */
export const offeredEntries: readonly Entry[] = entries.filter(({ kind }) => kind !== 'missing');

/** The store when none is set. */
export const defaultBackend: string = entries.find(({ isDefault }) => isDefault === true)!.name;

/** The entry of a store; '' is the default store. Undefined for an unknown name. */
export function entryOf(backend: string): Entry | undefined {
  return entries.find(({ name }) => name === (backend === '' ? defaultBackend : backend));
}

/** The stores of this release that read the setting. */
export function readersOf(flag: string): readonly string[] {
  return offeredEntries.filter((entry) => reads(entry, flag)).map(({ name }) => name);
}

/** The stores that read the setting, when this release has none of them. */
export function missingReaders(flag: string): readonly string[] {
  return readersOf(flag).length > 0 ? [] : entries.filter((entry) => reads(entry, flag)).map(({ name }) => name);
}

/** True when the store reads the setting. */
export function reads({ settings }: Entry, flag: string): boolean {
  return Object.values(settings).some(({ name }) => name === flag);
}

/** Whether the values of a store must not be shown: those of a store for secrets, and of one that was set to be secret. */
export function holdsSecrets({ backend, secret }: Pick<StoreSettings, 'backend' | 'secret'>): boolean {
  const entry = entryOf(backend);
  return secret || (entry?.kind === 'store' && entry.holdsSecrets === true);
}

const names = offeredEntries.map(({ name }) => name);

const common: SettingRows = Object.freeze({
  backend: textSetting('backend', `where the keys are: ${listed(names, 'or')}`, {
    default: defaultBackend,
    choices: names,
  }),
  secret: boolSetting('secret', 'all values of the backend are secrets: confd diff masks them'),
  ...timeoutSettings,
});

/** The settings that every store has. */
export const commonSettings: readonly string[] = Object.values(common).map(({ name }) => name);

/** The settings of all stores, by the names of their values in the code. */
export const storeSettings = Object.freeze(
  Object.assign({}, common, ...entries.map(({ settings }) => settings)),
) as AllSettings;
