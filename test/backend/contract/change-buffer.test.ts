import { expect, test } from '@jest/globals';
import type { Edits, Resync } from '../../../src/backend/contract/backend.ts';
import { ChangeBuffer } from '../../../src/backend/contract/change-buffer.ts';

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
])('from one listener: %s', async (_name, counts) => {
  const buffer = new ChangeBuffer(start);
  for (const [n, count] of counts.entries()) buffer.put(a, { index: BigInt(n + 2), edits: edits(count) });
  expect(await drain(buffer)).toEqual([[resync], '']);
});

test('from one listener: what comes in together', async () => {
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

test('from several listeners: together they tell no more than one may', async () => {
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
