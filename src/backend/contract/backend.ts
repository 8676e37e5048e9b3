import { clean, isClean } from '../../go/path.ts';
import { toLower, toUpper } from '../../go/strings.ts';

/**
 * The one thing that the agent knows about stores. Keys that are wanted are absolute and clean ("/app/db/host"); those of
 * pairs and edits are names as the store has them, with a slash in front ("/app//db/host/", "/APP_DB_HOST"). Keys and
 * values are byte strings (one char per byte, 0..255), so that any byte travels from the store to the file untouched.
 */

/** A position in a store's history: the store's change counter, per root that is watched. Opaque to the agent. */
export type Cursor = ReadonlyMap<string, bigint>;

/** What every item that carries content says besides. */
interface Content {
  /** Where the session stands after it: another one goes on from there. Empty where the store has no history. */
  readonly cursor: Cursor;
  /**
   * From now on, how many ms all that the session has given is good for; it is read anew then. A later item says it
   * anew; what says nothing leaves it as it was.
   */
  readonly validMs?: number;
}

/** Everything under some keys at one moment: what a session begins with. */
export interface Snapshot extends Content {
  readonly kind: 'snapshot';
  /** By name; whoever has read it may keep and change it. */
  readonly pairs: Map<string, string>;
}

/** What changed, in the store's order. Without any it is a sign of life, which may say how long all is valid. */
export interface Edits extends Content {
  readonly kind: 'edits';
  readonly edits: readonly Edit[];
}

/** All that one root selects by now, for stores that do not tell what has changed below it. */
export interface Replace extends Content {
  readonly kind: 'replace';
  readonly root: string;
  readonly pairs: ReadonlyMap<string, string>;
}

/** Changes may have been lost: the last item of its session. Another one, with a snapshot, has them. */
export interface Resync {
  readonly kind: 'resync';
}

/** What a session gives, one after the other. */
export type SessionItem = Snapshot | Edits | Replace | Resync;

export const resync: Resync = { kind: 'resync' };

/** The new value of one name; null says that the name and everything below it is gone. */
export interface Edit {
  readonly key: string;
  readonly value: string | null;
  /** With null: only the key is gone, what is below it stays (stores whose keys are no directories). */
  readonly alone?: true;
}

/** What all stores of a kind have in common, known before one is opened. */
export interface StoreTraits {
  /** False where nothing comes after a session's snapshot: such a store is read again and again. */
  readonly canWatch: boolean;
  readonly selects: Rule;
}

/** A store, seen through sessions: what it has, and then what happens to it. */
export interface Backend extends StoreTraits {
  readonly name: string;
  /** True where each snapshot has something made for it, such as a credential: it is read anew when it must be only. */
  readonly mints?: boolean;
  /**
   * Begins a session: first a snapshot of all that keys select, where a missing key is no error but absent; then, for as
   * long as items are asked for, what happens to it. Early or doubled is allowed, late never: a change made after the
   * snapshot comes, whenever the next item is asked for. With `after` there is no snapshot: it goes on from where
   * another session of the same keys stood, and where the store cannot it says resync (etcd's 401, a compaction, a
   * counter that went backwards, no history at all).
   *
   * It ends by throwing: BackendError when the store is out of reach (the caller waits and goes on from the last cursor)
   * or was closed, the signal's reason when aborted. Only a resync is followed by a plain end.
   */
  open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncIterableIterator<SessionItem>;
  /** Ends the sessions, and frees connections and watchers; twice is fine. */
  close(): Promise<void>;
}

/** All that keys select now: the first item of a session, which ends with it. Throws BackendError. */
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

/** The snapshot that a session begins with. Throws BackendError. */
export async function firstOf(session: AsyncIterator<SessionItem>, name: string): Promise<Snapshot> {
  const first = await session.next();
  if (first.done !== true && first.value.kind === 'snapshot') return first.value;
  throw new BackendError('protocol', `${name}: a session does not begin with a snapshot`);
}

/**
 * How a wanted key selects names: 'subtree' takes the key itself and what is below it (etcd), 'text' takes every name that
 * starts with the wanted text, without a boundary (file and consul, as in confd), and so does 'variable' with the key as the
 * name of a variable of the environment ("/app/db" takes APP_DB and APP_DBNAME).
 */
export type Rule = 'subtree' | 'text' | 'variable';

/** A store that cannot be used now; `message` is written for the operator. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  constructor(
    /**
     * unreachable: no answer; denied: credentials or certificates; protocol: an answer that makes no sense;
     * settings: the options cannot work until somebody changes them
     */
    readonly code: 'unreachable' | 'denied' | 'protocol' | 'settings',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True where wanted selects name under the given rule. */
export function selected(name: string, wanted: string, rule: Rule): boolean {
  return begins(name, startOf(wanted, rule), rule);
}

/** Tells which names some wanted keys select. */
export function selector(wanted: readonly string[], rule: Rule): (name: string) => boolean {
  const starts = wanted.map((key) => startOf(key, rule));
  return (name) => starts.some((start) => begins(name, start, rule));
}

/** What all names that wanted selects begin with. */
export function startOf(wanted: string, rule: Rule): string {
  return rule === 'variable' ? `/${toUpper(wanted.replace(/^\//, '').replaceAll('/', '_'))}` : wanted;
}

function begins(name: string, start: string, rule: Rule): boolean {
  if (!name.startsWith(start)) return false;
  return rule !== 'subtree' || name.length === start.length || start === '/' || name[start.length] === '/';
}

/** The key that confd makes of a name, not yet cleaned. */
export function keyOf(name: string, rule: Rule): string {
  return rule === 'variable' ? toLower(name).replaceAll('_', '/') : name;
}

/** True when the name is the one that its key is usually stored under. */
export function isPlain(name: string, rule: Rule): boolean {
  return rule === 'variable' ? startOf(clean(keyOf(name, rule)), rule) === name : isClean(name);
}
