import { describe, expect, test } from '@jest/globals';
import type { Cursor, Edits, SessionItem, Snapshot } from '../../../src/backend/contract/backend.ts';
import { openSession } from '../../../src/backend/contract/session.ts';

const cursorAt = (index: bigint): Cursor => new Map([['/', index]]);
const snapshot: Snapshot = { kind: 'snapshot', cursor: cursorAt(7n), pairs: new Map([['/a', '1']]) };
const edits: Edits = { kind: 'edits', cursor: cursorAt(8n), edits: [{ key: '/a', value: '2' }] };

/** What a session does and gives, in order. */
async function run(
  after: Cursor | undefined,
  { failure, items = Infinity }: { failure?: string; items?: number } = {},
) {
  const events: unknown[] = [];
  const read = () => {
    events.push('read');
    return failure === 'read' ? Promise.reject(new Error('read failed')) : Promise.resolve(snapshot);
  };
  const follow = async function* (cursor: Cursor): AsyncGenerator<SessionItem, void> {
    events.push(`follow from ${cursor.get('/')}`);
    try {
      if (failure === 'follow') throw await Promise.resolve(new Error('follow failed'));
      yield edits;
    } finally {
      events.push('left');
    }
  };
  const session = openSession(after, read, follow);
  await new Promise(setImmediate);
  expect(events).toEqual([]); // nothing before the first item is asked for
  try {
    for (let n = 0; n < items; n++) {
      const next = await session.next();
      if (next.done === true) break;
      events.push(next.value);
    }
    await session.return();
  } catch (error) {
    events.push((error as Error).message);
  }
  return events;
}

describe('a session', () => {
  test.each<[string, Cursor | undefined, Parameters<typeof run>[1], unknown[]]>([
    ['reads, then follows from the snapshot', undefined, {}, ['read', snapshot, 'follow from 7', edits, 'left']],
    ['with a cursor only follows from it', cursorAt(5n), {}, ['follow from 5', edits, 'left']],
    ['with an empty cursor only follows, too', new Map(), {}, ['follow from undefined', edits, 'left']],
    ['does not follow for a reader who wants the snapshot only', undefined, { items: 1 }, ['read', snapshot]],
    ['ends what follows when its reader leaves', cursorAt(5n), { items: 1 }, ['follow from 5', edits, 'left']],
    ['throws what the read throws', undefined, { failure: 'read' }, ['read', 'read failed']],
    [
      'throws what following throws',
      undefined,
      { failure: 'follow' },
      ['read', snapshot, 'follow from 7', 'left', 'follow failed'],
    ],
  ])('%s', async (_name, after, options, expected) => {
    expect(await run(after, options)).toEqual(expected);
  });
});
