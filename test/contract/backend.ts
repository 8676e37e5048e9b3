import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Backend,
  type Cursor,
  type Edit,
  firstOf,
  readSnapshot,
  type Replace,
  type Resync,
  selected,
  type SessionItem,
  type Snapshot,
} from '../../src/backend/contract/backend.ts';
import { holdPageTo } from './page.ts';

/** A store under test: how to change it behind the backend's back. */
export interface Store {
  open(): Promise<Backend>;
  put(key: string, value: string): Promise<void>;
  /** Takes a key away, with everything below it. */
  remove(key: string): Promise<void>;
  /** Breaks the connections that are open. */
  cut?(): void;
  /** Changes something, and forgets its history. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

/** The simplest copy of a store that changes can be applied to. */
export class Copy {
  pairs = new Map<string, string>();
  /** How often it was made anew. */
  reads = 0;

  replace(snapshot: Snapshot): void {
    this.reads += 1;
    this.pairs = new Map(snapshot.pairs);
  }

  /** Takes what a session gives. */
  take(item: SessionItem, { selects }: Pick<Backend, 'selects'>): void {
    if (item.kind === 'snapshot') this.replace(item);
    else if (item.kind === 'edits') this.apply(item.edits);
    else if (item.kind === 'replace') this.replaceBelow(item, selects);
  }

  private replaceBelow({ root, pairs }: Replace, rule: Backend['selects']): void {
    for (const key of this.pairs.keys()) if (selected(key, root, rule)) this.pairs.delete(key);
    for (const [key, value] of pairs) this.pairs.set(key, value);
  }

  apply(edits: readonly Edit[]): void {
    for (const { key, value, alone } of edits) {
      if (value !== null) this.pairs.set(key, value);
      else if (alone === true) this.pairs.delete(key);
      else for (const other of this.pairs.keys()) if (`${other}/`.startsWith(`${key}/`)) this.pairs.delete(other);
    }
  }
}

/** What the kind of store can do. */
export interface Abilities {
  /** Values may hold bytes that are not UTF-8. */
  readonly anyBytes: boolean;
  /** Changes made after open are seen. */
  readonly live: boolean;
  /** Below which key everything lives ('' for the root). */
  readonly under: string;
  /** The name under which the store has a key; the key itself where it is left out. */
  readonly nameOf?: (key: string) => string;
  /** Only tests know it: docs/contract.md does not tell of it. */
  readonly isToy?: true;
}

/** What every backend promises, whatever the store; docs/contract.md is held to what was observed of it. */
export function backendContract(name: string, make: () => Promise<Store>, abilities: Abilities): void {
  const { under, nameOf = (key: string) => key } = abilities;
  const at = (key: string) => `${under}${key}`;
  const as = (key: string) => nameOf(at(key));
  const never = new AbortController().signal;
  const observed = new Map<string, string>();
  let store: Store;

  /** A case; it may say what was observed beyond that the promise is kept. */
  const holds = (what: string, observe: () => Promise<string | undefined>) => {
    observed.set(what, 'no');
    test(what, async () => {
      observed.set(what, (await observe()) ?? 'yes');
    });
  };
  /** A case for stores that change. */
  const livelyHolds = (what: string, observe: () => Promise<string | undefined>) => {
    if (abilities.live) holds(what, observe);
    else observed.set(what, 'never changes');
  };

  beforeEach(async () => {
    store = await make();
  });
  afterEach(async () => {
    await store.close();
  });

  describe(`contract of ${name}: reading`, () => {
    holds('a read brings what the keys select, and nothing else', async () => {
      await store.put(at('/app/host'), 'h');
      await store.put(at('/app/deep/er/port'), '80');
      await store.put(at('/other/x'), 'no');
      const { pairs } = await readAll(store, [at('/app')]);
      expect(sorted(pairs)).toEqual([
        [as('/app/deep/er/port'), '80'],
        [as('/app/host'), 'h'],
      ]);
    });

    holds('a missing key is absent, also below a key that has a value', async () => {
      await store.put(at('/app/host'), 'h');
      const { pairs } = await readAll(store, [at('/app/host'), at('/none'), at('/app/host/below')]);
      expect(sorted(pairs)).toEqual([[as('/app/host'), 'h']]);
    });

    holds('keys that lie in one another are no trouble', async () => {
      await store.put(at('/app/a/b'), '1');
      const { pairs } = await readAll(store, [at('/app/a'), at('/app'), at('/app/a/b'), at('/app')]);
      expect(sorted(pairs)).toEqual([[as('/app/a/b'), '1']]);
    });

    holds('bytes arrive as they are', async () => {
      const value =
        Buffer.from('é 日 😀 \u2028 <&> "\\\n\t', 'utf8').toString('latin1') + (abilities.anyBytes ? '\xff\xfe' : '');
      await store.put(at('/app/bytes'), value);
      expect((await readAll(store, [at('/app')])).pairs.get(as('/app/bytes'))).toBe(value);
      return abilities.anyBytes ? 'any bytes' : 'UTF-8';
    });

    holds('an empty value is a value', async () => {
      await store.put(at('/app/empty'), '');
      expect((await readAll(store, [at('/app')])).pairs.get(as('/app/empty'))).toBe('');
    });

    holds('a session begins with a snapshot', async () => {
      await store.put(at('/app/host'), 'h');
      const backend = await store.open();
      const { value: first } = await backend.open([at('/app')], never).next();
      expect(first).toMatchObject({ kind: 'snapshot', pairs: new Map([[as('/app/host'), 'h']]) });
      await backend.close();
    });

    holds('an aborted read throws the reason', async () => {
      const backend = await store.open();
      const reason = new Error('enough');
      await expect(readSnapshot(backend, [at('/app')], AbortSignal.abort(reason))).rejects.toBe(reason);
      await backend.close();
    });

    holds('closing twice is fine', async () => {
      const backend = await store.open();
      await backend.close();
      await expect(backend.close()).resolves.toBeUndefined();
    });
  });

  describe(`contract of ${name}: watching`, () => {
    holds('an abort ends it at once, with the reason', async () => {
      const backend = await store.open();
      const stop = new AbortController();
      const reason = new Error('enough');
      const session = backend.open([at('/app')], stop.signal);
      await firstOf(session, name);
      const ended = expect(drain(session)).rejects.toBe(reason);
      stop.abort(reason);
      await ended;
      await expect(session.next()).resolves.toMatchObject({ done: true });
      const again = drain(backend.open([at('/app')], stop.signal, new Map()));
      await expect(again).rejects.toBe(reason);
      await backend.close();
    });

    holds('nothing comes after close, which ends what is waited for', async () => {
      const backend = await store.open();
      const session = backend.open([at('/app')], never);
      await firstOf(session, name);
      const ended = expect(drain(session)).rejects.toMatchObject({ name: 'BackendError' });
      await backend.close();
      if (abilities.live) await store.put(at('/app/k'), '1');
      await ended;
      await expect(session.next()).resolves.toMatchObject({ done: true });
    });

    livelyHolds('a change made between the snapshot and the wait for what follows is told', async () => {
      await store.put(at('/app/k'), '1');
      return followed(
        store,
        [at('/app')],
        () => store.put(at('/app/k'), '2'),
        () => Promise.resolve(),
      );
    });

    livelyHolds('another session goes on after the cursor, or says that it cannot', async () => {
      await store.put(at('/app/k'), '1');
      const backend = await store.open();
      const { cursor } = await readSnapshot(backend, [at('/app')], never);
      await store.put(at('/app/k'), '2');
      const item = await nextNews(backend.open([at('/app')], never, cursor));
      await backend.close();
      if (item.kind === 'resync') return 'read anew';
      if (item.kind === 'replace') expect([...item.pairs]).toEqual([[as('/app/k'), '2']]);
      else expect(item).toMatchObject({ kind: 'edits', edits: [{ key: as('/app/k'), value: '2' }] });
      return 'told';
    });

    livelyHolds('a lost history is a resync, which ends the session', async () => {
      await store.put(at('/app/k'), '1');
      const backend = await store.open();
      const session = backend.open([at('/app')], never);
      await firstOf(session, name);
      await store.lose();
      expect(await nextNews(session)).toEqual({ kind: 'resync' });
      await expect(session.next()).resolves.toMatchObject({ done: true });
      await backend.close();
    });

    livelyHolds('changes made during the call are told', async () => {
      await store.put(at('/app/k'), '1');
      const none = () => Promise.resolve();
      return followed(store, [at('/app')], none, async () => {
        await store.put(at('/app/k'), '2');
        await store.put(at('/app/new/k'), '3');
      });
    });

    livelyHolds('a name that JavaScript objects have is only a name', async () => {
      await store.put(at('/app/k'), '1');
      return followed(
        store,
        [at('/app')],
        () => store.put(at('/app/__proto__'), 'a'),
        () => store.put(at('/app/constructor/name'), 'b'),
      );
    });

    livelyHolds('the removal of a directory takes everything below it away', async () => {
      await store.put(at('/app/d/a'), '1');
      await store.put(at('/app/d/e/b'), '2');
      await store.put(at('/app/k'), '3');
      return followed(
        store,
        [at('/app/d/a'), at('/app/d/e'), at('/app/k')],
        () => Promise.resolve(),
        () => store.remove(at('/app/d')),
      );
    });

    livelyHolds('after 200 quick writes the copy is what a fresh read is', async () => {
      await store.put(at('/app/k'), '1');
      return followed(
        store,
        [at('/app')],
        () => Promise.resolve(),
        async () => {
          for (let i = 0; i < 200; i++) await store.put(at(`/app/${i % 20}`), String(i));
        },
      );
    });

    livelyHolds('a change made while the connection is broken is told', async () => {
      if (store.cut === undefined) return 'no connection';
      await store.put(at('/app/k'), '1');
      return followed(
        store,
        [at('/app')],
        () => Promise.resolve(),
        async () => {
          store.cut?.();
          await store.put(at('/app/k'), '2');
          store.cut?.();
        },
      );
    });
  });

  if (abilities.isToy !== true) {
    test(`contract of ${name}: docs/contract.md says so`, () => {
      holdPageTo(name, observed);
    });
  }
}

/**
 * Follows a store from a read on, makes changes before and during the watch, and waits until the copy is what a
 * fresh read says. Tells whether the watch brought the changes themselves.
 */
export async function followed(
  store: Pick<Store, 'open'>,
  keys: readonly string[],
  before: () => Promise<void>,
  during: () => Promise<void>,
): Promise<'told' | 'read anew'> {
  const backend = await store.open();
  const stop = new AbortController();
  const copy = new Copy();
  const session = backend.open(keys, stop.signal);
  const first = await firstOf(session, backend.name);
  copy.replace(first);
  await before();
  const following = follow(backend, keys, copy, { session, cursor: first.cursor }, stop.signal);
  try {
    await during();
    const truth = sorted((await readSnapshot(backend, keys, stop.signal)).pairs);
    await Promise.race([following, until(() => JSON.stringify(sorted(copy.pairs)) === JSON.stringify(truth))]);
    expect(sorted(copy.pairs)).toEqual(truth);
    return copy.reads === 1 ? 'told' : 'read anew';
  } finally {
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
    await backend.close();
  }
}

/** A session whose snapshot was taken. */
interface Begun {
  readonly session: AsyncIterableIterator<SessionItem>;
  readonly cursor: Cursor;
}

/**
 * What the agent does: begins with a snapshot or goes on, from a cursor or in a session, begins anew after a resync, and comes
 * back after a failure.
 */
export async function follow(
  backend: Backend,
  keys: readonly string[],
  copy: Copy,
  start: Cursor | Begun | null,
  signal: AbortSignal,
): Promise<void> {
  const begun = start !== null && 'session' in start ? start : { session: null, cursor: start ?? undefined };
  let { session, cursor }: { session: Begun['session'] | null; cursor: Cursor | undefined } = begun;
  for (;;) {
    try {
      let last: SessionItem | null = null;
      for await (const item of session ?? backend.open(keys, signal, cursor)) {
        cursor = item.kind === 'resync' ? undefined : item.cursor;
        copy.take(item, backend);
        last = item;
      }
      if (last?.kind !== 'resync') throw new Error('a session ended without a reason');
    } catch (error) {
      if (signal.aborted) throw error;
      if ((error as Error).name !== 'BackendError') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    session = null;
  }
}

/** The next item that tells of something, after which nothing is asked for. */
async function nextNews(session: AsyncIterator<SessionItem>): Promise<Exclude<SessionItem, Snapshot>> {
  for (;;) {
    const { value, done } = await session.next();
    if (done === true || value.kind === 'snapshot') throw new Error('there is no news');
    if (value.kind !== 'edits' || value.edits.length > 0) return value;
  }
}

/** What an item tells of changes. */
export function toldBy(item: SessionItem): readonly Edit[] | Resync['kind'] {
  if (item.kind === 'edits') return item.edits;
  if (item.kind === 'resync') return item.kind;
  throw new Error(`it tells of a ${item.kind}`);
}

/** Waits for a fact, and gives up when it is hopeless: a loop that outlives its test would keep the process. */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await fact()); tries++) {
    if (tries === 12_000) throw new Error(`it never came true: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Pairs in byte order. */
export function sorted(pairs: ReadonlyMap<string, string>): [string, string][] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function readAll(store: Store, keys: readonly string[]): Promise<Snapshot> {
  const backend = await store.open();
  try {
    return await readSnapshot(backend, keys, new AbortController().signal);
  } finally {
    await backend.close();
  }
}

async function drain(session: AsyncIterable<SessionItem>): Promise<void> {
  for await (const item of session) expect(item).toMatchObject({ kind: 'edits', edits: [] });
}
