import { describe, expect, test } from '@jest/globals';
import type { Edits, Resync } from '../../../src/backend/contract/backend.ts';
import { ChangeBuffer, followBuffered } from '../../../src/backend/contract/change-buffer.ts';

const edits = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `/${n}`, value: '1' }));
const a = { roots: ['a'] };
const b = { roots: ['b'] };
const start = new Map([
  ['a', 1n],
  ['b', 1n],
]);

/** What comes out until the end, and the message of what ended it. */
async function drain(buffer: ChangeBuffer): Promise<[(Edits | Resync)[], string]> {
  const items: (Edits | Resync)[] = [];
  try {
    for await (const item of buffer.items()) items.push(item);
    return [items, ''];
  } catch (error) {
    return [items, (error as Error).message];
  }
}

const resync = { kind: 'resync' };

test.each([
  ['more at once than can be told one by one', [200_000]],
  ['more, bit by bit, than is kept', [15_000, 15_000]],
])('from one stream: %s', async (_name, counts) => {
  const buffer = new ChangeBuffer(start);
  for (const [n, count] of counts.entries()) buffer.put(a, { index: BigInt(n + 2), edits: edits(count) });
  expect(await drain(buffer)).toEqual([[resync], '']);
});

test('from one stream: what comes in together', async () => {
  const buffer = new ChangeBuffer(start);
  for (const count of [1, 2, 3]) buffer.put(a, { index: BigInt(count + 1), edits: edits(count) });
  buffer.end();
  const told = [...edits(1), ...edits(2), ...edits(3)];
  const cursor = new Map([
    ['a', 4n],
    ['b', 1n],
  ]);
  expect(await drain(buffer)).toEqual([[{ kind: 'edits', cursor, edits: told }], '']);
});

test('from several streams: together they tell no more than one may', async () => {
  const buffer = new ChangeBuffer(start);
  for (const each of [a, b]) buffer.put(each, { index: 2n, edits: edits(15_000) });
  expect(await drain(buffer)).toEqual([[resync], '']);
});

test('a failure is told after what came before it, and nothing that comes after a resync', async () => {
  const buffer = new ChangeBuffer(start);
  buffer.put(a, { index: 10n, edits: edits(1) });
  buffer.put(b, { index: 3n, edits: 'resync' });
  const items = buffer.items();
  expect((await items.next()).value).toEqual(resync);
  buffer.put(a, { index: 11n, edits: edits(1) });
  buffer.fail(new Error('gone'));
  await expect(items.next()).rejects.toThrow('gone');
});

test('what is stopped tells nothing any more', async () => {
  const buffer = new ChangeBuffer(start);
  buffer.put(a, { index: 2n, edits: edits(1) });
  buffer.stop(new Error('enough'));
  buffer.put(a, { index: 3n, edits: edits(1) });
  expect(await drain(buffer)).toEqual([[], 'enough']);
});

describe('following into a buffer', () => {
  /** What a follower of a store sees of its end. */
  function follower(signal: AbortSignal, act: (buffer: ChangeBuffer) => void) {
    const seen: { reason: unknown; isOver: boolean } = { reason: null, isOver: false };
    const items = followBuffered(start, signal, async (buffer, ended) => {
      act(buffer);
      await new Promise((resolve) => {
        if (ended.aborted) resolve(null);
        ended.addEventListener('abort', resolve);
      });
      seen.reason = (ended.reason as Error).message;
      await new Promise(setImmediate);
      seen.isOver = true;
    });
    return { items, seen };
  }
  const one = { index: 2n, edits: edits(1) };

  test('a reader who leaves ends it, and waits for its end', async () => {
    const { items, seen } = follower(new AbortController().signal, (buffer) => {
      buffer.put(a, one);
    });
    expect((await items.next()).value).toMatchObject({ edits: one.edits });
    await items.return();
    expect(seen).toEqual({ reason: 'the watch has ended', isOver: true });
  });

  test.each([
    ['before it begins', true],
    ['while it runs', false],
  ])('a signal that fires %s ends it with its reason, and what was not taken is dropped', async (_name, isBefore) => {
    const stop = new AbortController();
    if (isBefore) stop.abort(new Error('enough'));
    const { items, seen } = follower(stop.signal, (buffer) => {
      if (isBefore) buffer.put(a, one);
    });
    const next = items.next();
    await new Promise(setImmediate);
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(seen).toEqual({ reason: 'enough', isOver: true });
  });

  test('its failure is thrown after what came before', async () => {
    const { items, seen } = follower(new AbortController().signal, (buffer) => {
      buffer.put(a, one);
      buffer.fail(new Error('gone'));
    });
    expect((await items.next()).value).toMatchObject({ edits: one.edits });
    await expect(items.next()).rejects.toThrow('gone');
    expect(seen.isOver).toBe(true);
  });
});
