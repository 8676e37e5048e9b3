import { expect, test } from '@jest/globals';
import { ChangeBuffer } from '../../../src/backend/contract/change-buffer.ts';

const edits = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `/${n}`, value: '1' }));
const a = { roots: ['a'] };
const b = { roots: ['b'] };
const start = new Map([
  ['a', 1n],
  ['b', 1n],
]);

test.each([
  ['more at once than can be told one by one', [200_000], 'look again'],
  ['more, bit by bit, than is kept', [15_000, 15_000], 'look again'],
  ['what comes in together', [1, 2, 3], 6],
] as const)('from one listener: %s', async (_name, counts, told) => {
  const inbox = new ChangeBuffer(start);
  for (const [n, count] of counts.entries()) inbox.put(a, { index: BigInt(n + 2), edits: edits(count) });
  const change = await inbox.next();
  expect(change.edits === 'look again' ? change.edits : change.edits.length).toBe(told);
  expect(change.cursor.get('a')).toBe(BigInt(counts.length + 1));
});

test('from several listeners: together they tell no more than one may', async () => {
  const inbox = new ChangeBuffer(start);
  for (const each of [a, b]) inbox.put(each, { index: 2n, edits: edits(15_000) });
  const change = await inbox.next();
  expect(change.edits).toBe('look again');
  expect([...change.cursor.values()]).toEqual([2n, 2n]);
});

test('a failure is told after what came before it, and a lost history sets the place back', async () => {
  const inbox = new ChangeBuffer(new Map([['a', 9n]]));
  inbox.put(a, { index: 10n, edits: edits(1) });
  inbox.put({ roots: ['a'] }, { index: 3n, edits: 'look again' });
  inbox.fail(new Error('gone'));
  expect(await inbox.next()).toEqual({ cursor: new Map([['a', 3n]]), edits: 'look again' });
  await expect(inbox.next()).rejects.toThrow('gone');
});
