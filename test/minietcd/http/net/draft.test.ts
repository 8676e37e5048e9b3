import { expect, test } from '@jest/globals';
import type { LongBody } from '../../../../src/minietcd/http/net/draft.ts';
import { Draft, NoRoomError } from '../../../../src/minietcd/http/net/draft.ts';
import { jsonString } from '../../../../src/minietcd/http/net/escapes.ts';
import { Load, defaultServerLimits } from '../../../../src/minietcd/http/net/limits.ts';

const megabyte = 1_000_000;

function long(value: string): LongBody {
  const draft = new Draft();
  draft.add('{"a":');
  draft.addString(value);
  draft.add(',"b":');
  draft.addString('short');
  draft.add('}');
  const body = draft.finish();
  if (typeof body === 'string') throw new Error('that is not long');
  return body;
}

test('what is short is a string', () => {
  const draft = new Draft();
  draft.add('x');
  draft.addString('<');
  expect(draft.finish()).toBe('x"\\u003c"');
});

test.each([
  ['plain text', 'x'.repeat(megabyte)],
  ['what grows', '<&>\n\xff'.repeat(megabyte / 5)],
  ['a little more than is kept short', 'x'.repeat(17_000)],
])('a long body is what it would be at once: %s', async (_what, value) => {
  const load = new Load(defaultServerLimits);
  const body = long(value);
  body.hold(load);
  const bytes = await body.layOut(load, false);
  expect(bytes.toString('latin1') === `{"a":${jsonString(value)},"b":"short"}`).toBe(true);
  body.release(load);
  expect(load.unread).toBe(0);
});

test('those who hold it at once get the same bytes, which count once; later ones get them anew', async () => {
  const load = new Load(defaultServerLimits);
  const body = long('<'.repeat(megabyte));
  expect(body.cost).toBe(body.length);
  for (let i = 0; i < 3; i++) body.hold(load);
  expect(load.unread).toBe(body.length);
  expect(body.cost).toBe(0);
  const all = await Promise.all([1, 2, 3].map(() => body.layOut(load, false)));
  expect(new Set(all).size).toBe(1);
  expect(load.unread).toBeGreaterThan(5 * megabyte);
  expect(load.unread).toBeLessThanOrEqual(all[0]!.length);
  for (let i = 0; i < 3; i++) body.release(load);
  expect(load.unread).toBe(0);
  body.hold(load);
  const again = await body.layOut(load, false);
  expect(again.equals(all[0]!)).toBe(true);
  body.release(load);
});

test('one that comes to more than there is room for is given up, unless it is owed', async () => {
  const load = new Load({ ...defaultServerLimits, unread: 2 * megabyte });
  const body = long('<'.repeat(megabyte));
  body.hold(load);
  await expect(body.layOut(load, false)).rejects.toThrow(NoRoomError);
  body.release(load);
  expect(load.unread).toBe(0);
  body.hold(load);
  expect((await body.layOut(load, true)).length).toBeGreaterThan(6 * megabyte);
});

test('one that nobody waits for any more is not laid out to its end', async () => {
  const load = new Load(defaultServerLimits);
  const body = long('<'.repeat(megabyte));
  body.hold(load);
  const bytes = body.layOut(load, false);
  body.release(load);
  await expect(bytes).rejects.toThrow('nobody waits');
  expect(load.unread).toBe(0);
});
