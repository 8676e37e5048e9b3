import { clean, isClean } from '../../go/path.ts';
import { toLower, toUpper } from '../../go/strings.ts';

/**
 * What the agent knows about stores. Requested keys are absolute and clean ("/app/db/host"); pairs and edits have the
 * names that the store uses, with a slash in front ("/app//db/host/", "/APP_DB_HOST"). Keys and values are byte strings
 * (one char per byte, 0..255), so that every byte reaches the file unchanged.
 */

/** A position in the history of a store: its change counter for each watched root. Opaque to the agent. */
export type Cursor = ReadonlyMap<string, bigint>;

/** The fields of every item that has content. */
interface Content {
  /** The position after this item, from which another session can continue. Empty when the store has no history. */
  readonly cursor: Cursor;
  /**
   * For how many ms, from now on, all content of the session is valid; then it must be read again. A later item
   * replaces the value; an item without it leaves the value unchanged.
   */
  readonly validMs?: number;
}

/** All pairs under some keys at one moment: the first item of a session. */
export interface Snapshot extends Content {
  readonly kind: 'snapshot';
  /** By name; the reader may keep and change the map. */
  readonly pairs: Map<string, string>;
}

/**
 * Changes, in the order of the store. Without edits the item shows that the store answers, and may renew the validity.
 */
export interface Edits extends Content {
  readonly kind: 'edits';
  readonly edits: readonly Edit[];
}

/** All pairs that one root selects now, for stores that do not report single changes. */
export interface Replace extends Content {
  readonly kind: 'replace';
  readonly root: string;
  readonly pairs: ReadonlyMap<string, string>;
}

/** Changes may have been lost. The last item of its session; a new session has them in its snapshot. */
export interface Resync {
  readonly kind: 'resync';
}

/** An item of a session. */
export type SessionItem = Snapshot | Edits | Replace | Resync;

export const resync: Resync = { kind: 'resync' };

/** The new value of a name; null when the name and everything below it is gone. */
export interface Edit {
  readonly key: string;
  readonly value: string | null;
  /** With null: only the name itself is gone, names below it stay (in stores whose keys are not directories). */
  readonly alone?: true;
}

/** What all stores of a kind have in common, known before one is opened. */
export interface StoreTraits {
  /** False when nothing follows the snapshot of a session: such a store is polled. */
  readonly canWatch: boolean;
  readonly selects: Rule;
}

/** A store, read through sessions: a snapshot, then the changes. */
export interface Backend extends StoreTraits {
  readonly name: string;
  /** True when each snapshot creates something, such as a credential: the store is then read only when necessary. */
  readonly mints?: boolean;
  /**
   * Begins a session: first a snapshot of everything that keys select (a missing key is absent, not an error); then the
   * changes, as long as items are requested. A change may come early or twice, but never be left out: one that is made
   * after the snapshot comes, whenever the next item is requested. With `after` there is no snapshot: the session
   * continues from the cursor of another session of the same keys, or gives a resync when the store cannot do that
   * (etcd's error 401, a compaction, a counter that went backwards, no history). The session throws BackendError when
   * the store cannot be reached (the caller waits and continues from the last cursor) or was closed, and the signal's
   * reason when it is aborted. It ends without an error only after a resync.
   */
  open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncIterableIterator<SessionItem>;
  /** Ends the sessions and frees connections and watchers; may be called twice. */
  close(): Promise<void>;
}

/** Reads everything that keys select now: the snapshot of a session, which is then ended. Throws BackendError. */
export async function readSnapshot(
  backend: Pick<Backend, 'name' | 'open'>,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<Snapshot> {
  const session = backend.open(keys, signal);
  try {
    return await firstOf(session, backend.name);
  } finally {
    await session.return?.();
  }
}

/** The snapshot at the start of a session. Throws BackendError. */
export async function firstOf(session: AsyncIterator<SessionItem>, name: string): Promise<Snapshot> {
  const first = await session.next();
  if (first.done !== true && first.value.kind === 'snapshot') return first.value;
  throw new BackendError('protocol', `${name}: a session does not begin with a snapshot`);
}

/**
 * How a key selects names: 'subtree' selects the key and everything below it (etcd); 'text' selects every name that
 * starts with the text of the key, without a boundary (file and consul, as in confd); 'variable' is like 'text', for
 * the key as the name of an environment variable ("/app/db" selects APP_DB and APP_DBNAME).
 */
export type Rule = 'subtree' | 'text' | 'variable';

/** A store that cannot be used at the moment; `message` is written for the operator. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  constructor(
    /**
     * unreachable: no answer; denied: credentials or certificates are refused; protocol: an invalid answer; settings:
     * the settings must be changed before a new attempt makes sense
     */
    readonly code: 'unreachable' | 'denied' | 'protocol' | 'settings',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True when `wanted` selects `name` under the rule. */
export function selected(name: string, wanted: string, rule: Rule): boolean {
  return begins(name, startOf(wanted, rule), rule);
}

/** Returns a function that tells which names the keys select. */
export function selector(wanted: readonly string[], rule: Rule): (name: string) => boolean {
  const starts = wanted.map((key) => startOf(key, rule));
  return (name) => starts.some((start) => begins(name, start, rule));
}

/** The text that all names selected by `wanted` begin with. */
export function startOf(wanted: string, rule: Rule): string {
  return rule === 'variable' ? `/${toUpper(wanted.replace(/^\//, '').replaceAll('/', '_'))}` : wanted;
}

function begins(name: string, start: string, rule: Rule): boolean {
  if (!name.startsWith(start)) return false;
  return rule !== 'subtree' || name.length === start.length || start === '/' || name[start.length] === '/';
}

/** The key that confd makes of a name, not cleaned yet. */
export function keyOf(name: string, rule: Rule): string {
  return rule === 'variable' ? toLower(name).replaceAll('_', '/') : name;
}

/** True when the name is the usual one for its key. */
export function isPlain(name: string, rule: Rule): boolean {
  return rule === 'variable' ? startOf(clean(keyOf(name, rule)), rule) === name : isClean(name);
}
