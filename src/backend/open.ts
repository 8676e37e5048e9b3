import type { SettingRows } from '../config/schema/schema.ts';
import { redact } from '../go/redact.ts';
import { type Backend, BackendError } from './contract/backend.ts';
import type { OpenableEntry, StoreDeps } from './contract/entry.ts';
import { entryOf, offeredEntries, reads, type StoreSettings } from './entries.ts';
import { nodesFromSrv, type ResolveSrv, srvNameOf } from './net/srv.ts';

/** The settings of a store, and what it gets from its process. */
export type BackendOptions = StoreSettings & StoreDeps;

/** An open store, and its address for the log. */
export interface Store {
  readonly backend: Backend;
  readonly places: readonly string[];
}

/**
 * Opens a store. BackendError 'settings' for settings that cannot work; a store that does not answer is no error yet.
 */
export async function openStore(options: BackendOptions): Promise<Store> {
  const entry = openable(options.backend);
  const nodes = await discoverNodes(options);
  const found: BackendOptions = { ...options, nodes };
  return { backend: await entry.open(found), places: entry.placesOf(found) };
}

function openable(backend: string): OpenableEntry<SettingRows, StoreSettings> {
  const entry = entryOf(backend);
  if (entry?.kind === 'store') return entry;
  const namesOf = (kind: string) => offeredEntries.filter((one) => one.kind === kind).map(({ name }) => name);
  const hosted = namesOf('hosted').map((name) => `, and for -backend ${name}`);
  const known = `known are ${namesOf('store').join(', ')}${hosted.join('')}`;
  const why = entry?.kind === 'missing' ? `this release does not have it yet; ${known}` : known;
  throw new BackendError('settings', `Invalid backend "${redact(backend)}" (${why})`);
}

/** The nodes, in confd's order: those of the SRV records, else those that are set, else the default ones. */
export async function discoverNodes(options: BackendOptions, resolve?: ResolveSrv): Promise<readonly string[]> {
  const entry = openable(options.backend);
  const record = reads(entry, 'srv-record') ? srvNameOf(options) : '';
  if (record !== '') {
    options.log.info(`SRV record set to ${redact(record)}`);
    const addresses = await nodesFromSrv(record, resolve);
    return entry.srvWithScheme === true ? addresses.map((address) => `${options.scheme}://${address}`) : addresses;
  }
  return options.nodes.length > 0 ? options.nodes : (entry.defaultNodes?.(options.env) ?? []);
}
