import type { Cursor, SessionItem, Snapshot } from './backend.ts';

/**
 * The items of one session, for a backend's `open(keys, signal, after?)`. Without `after` the session begins with the
 * snapshot that `read` resolves to, and `follow` continues from the cursor of that snapshot. With `after` it reads nothing:
 * `follow` continues from `after`. Nothing is read before the first item is asked for, and nothing is followed before the
 * second. The session throws what `read` or `follow` throws, and ends when `follow` ends.
 *
 * `read` and `follow` must stop when the session's signal fires or the store is closed: see Closing.signalOf.
 */
export async function* openSession(
  after: Cursor | undefined,
  read: () => Promise<Snapshot>,
  follow: (cursor: Cursor) => AsyncIterable<SessionItem>,
): AsyncGenerator<SessionItem, void> {
  let cursor = after;
  if (cursor === undefined) {
    const snapshot = await read();
    ({ cursor } = snapshot);
    yield snapshot;
  }
  yield* follow(cursor);
}
