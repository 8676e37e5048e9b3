import { clean, isClean } from '../../go/path.ts';
import { toLower, toUpper } from '../../go/strings.ts';

/**
 * The one thing that the agent knows about stores. Keys that are wanted are absolute and clean ("/app/db/host"); those of
 * pairs and edits are names as the store has them, with a slash in front ("/app//db/host/", "/APP_DB_HOST"). Keys and
 * values are byte strings (one char per byte, 0..255), so that any byte travels from the store to the file untouched.
 */

/** A position in a store's history: the store's change counter, per root that is watched. Opaque to the agent. */
export type Cursor = ReadonlyMap<string, bigint>;

/** Everything under some keys at one moment. */
export interface Snapshot {
  readonly cursor: Cursor;
  /** By name; whoever has read it may keep and change it. */
  readonly pairs: Map<string, string>;
}

/** The new value of one name; null says that the name and everything below it is gone. */
export interface Edit {
  readonly key: string;
  readonly value: string | null;
  /** With null: only the key is gone, what is below it stays (stores whose keys are no directories). */
  readonly alone?: true;
}

/** What changed since a cursor: edits in the store's order, or 'look again' where the store cannot say. */
export interface Change {
  readonly cursor: Cursor;
  readonly edits: readonly Edit[] | 'look again';
}

export interface Backend {
  readonly name: string;
  readonly canWatch: boolean;
  readonly selects: Rule;
  /** Everything that keys select: all of it, or a BackendError. A missing key is no error: it is absent. */
  read(keys: readonly string[], signal: AbortSignal): Promise<Snapshot>;
  /**
   * The changes after cursor, without end. Early or doubled is allowed, late never: a change made before the call but
   * after cursor is reported too. Ends by throwing: BackendError when the store is out of reach (the caller waits and
   * calls again with the last cursor it saw), the signal's reason when aborted. When the history is lost (etcd's 401,
   * a compaction, a counter that went backwards) it yields 'look again'. A change without edits is a sign of life.
   */
  watch(keys: readonly string[], cursor: Cursor, signal: AbortSignal): AsyncIterable<Change>;
  /** Frees connections and watchers; twice is fine. */
  close(): Promise<void>;
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
