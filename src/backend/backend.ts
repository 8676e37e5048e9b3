/**
 * The one thing that the agent knows about stores. Keys are absolute and clean ("/app/db/host"); keys and values are
 * byte strings (one char per byte, 0..255), so that any byte travels from the store to the file untouched.
 */

/** A position in a store's history: the store's change counter, per root that is watched. Opaque to the agent. */
export type Cursor = ReadonlyMap<string, bigint>;

/** Everything under some keys at one moment. */
export interface Snapshot {
  readonly cursor: Cursor;
  /** Whoever has read it may keep and change it. */
  readonly pairs: Map<string, string>;
}

/** One key's new value; null says that the key and everything below it is gone. */
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
  /**
   * How a wanted key selects pairs: 'subtree' takes the key itself and what is below it (etcd), 'text' takes every key
   * that starts with the wanted text, without a boundary (env, file and consul, as in confd).
   */
  readonly selects: 'subtree' | 'text';
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

/** True where wanted selects key under the given rule. */
export function selected(key: string, wanted: string, rule: Backend['selects']): boolean {
  if (!key.startsWith(wanted)) return false;
  return rule === 'text' || key.length === wanted.length || wanted === '/' || key[wanted.length] === '/';
}
