import { describe, expect, test } from '@jest/globals';
import { Late } from '../../../src/backend/net/deadline.ts';
import { Pages, rangesOf } from '../../../src/backend/etcd/ranges.ts';
import type { Pair, RangeAnswer } from '../../../src/backend/etcd/txn.ts';

const answerMs = 1500;

/** What a read costs an etcd: as measured, it passes by six keys while it reads one. */
interface Costs {
  readonly readUs: number;
  readonly bytesPerMs: number;
}
const usual: Costs = { readUs: 1.8, bytesPerMs: 100_000 };

/** Reads `/app/…` of so many keys, whose values are as long as `size` says, from a model of an etcd. */
function read(count: number, size: (n: number) => number, { readUs, bytesPerMs }: Costs = usual) {
  const names = Array.from({ length: count }, (_, n) => `/app/k${String(n).padStart(7, '0')}`);
  const pages = new Pages(rangesOf(['/app']), answerMs);
  const answers: { keys: number; bytes: number; serverMs: number; lineMs: number }[] = [];
  let passed = 0;
  while (!pages.isDone) {
    const responses = pages.next('0').map((op): RangeAnswer => {
      const { key, range_end, limit } = (op as { request_range: { key: Buffer; range_end?: Buffer; limit: number } })
        .request_range;
      if (range_end === undefined) return { pairs: [], more: false, count: 0 };
      const from = Number(/k(\d+)\0$/.exec(key.toString())?.[1] ?? -1) + 1;
      const until = Math.min(count, from + limit);
      const pairs = names
        .slice(from, until)
        .map((name, i): Pair => ({ key: name, value: String(size(from + i)), created: 1, modified: from + i + 1 }));
      return { pairs, more: until < count, count: count - from };
    });
    const { pairs, count: inRange } = responses.at(-1)!;
    const bytes = pairs.reduce((sum, { key, value }) => sum + key.length + Number(value) + 20, 0);
    const rest = inRange - pairs.length;
    passed += rest;
    const pace = {
      serverMs: Math.max(1, (pairs.length * readUs + (rest * readUs) / 6) / 1000),
      lineMs: Math.max(1, bytes / bytesPerMs),
    };
    answers.push({ keys: pairs.length, bytes, ...pace });
    expect(pages.take({ header: {} as never, responses, bytes }, pace)).toBe(true);
  }
  expect(pages.pairs.size).toBe(count);
  expect(pages.lastWrite?.revision ?? 0).toBe(count);
  return { answers, passed };
}

describe('pages', () => {
  test.each([
    [0, 1],
    [1, 1],
    [1000, 1],
    [4095, 1],
    [4096, 2],
    [10_000, 2],
    [100_000, 2],
    [1_000_000, 3],
  ])('%d small keys come in %d answers', (keys, most) => {
    const { answers, passed } = read(keys, () => 12);
    expect(answers.length).toBe(most);
    // To pass by a key costs a sixth of reading it: with the answers' own price that is well within 1.3.
    expect(passed / 6).toBeLessThanOrEqual(0.25 * keys);
  });

  test.each([
    ['1 kB', 200_000, 1000],
    ['100 kB', 2000, 100_000],
    ['1 MB', 5000, 1_000_000],
    ['1.5 MB', 10, 1_500_000],
  ])('values of %s: after the first, no answer is longer than 32 MiB', (_name, keys, size) => {
    const { answers } = read(keys, () => size);
    for (const { bytes } of answers.slice(1)) expect(bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
  });

  test.each([
    ['a server that is ten times slower', { ...usual, readUs: 18 }, 200_000, 12],
    ['a server that is twenty times slower', { ...usual, readUs: 36 }, 100_000, 12],
    ['a line of 1 MB/s', { ...usual, bytesPerMs: 1000 }, 50_000, 100],
    ['a slow line and values of 1 kB', { ...usual, bytesPerMs: 3000 }, 50_000, 1000],
  ])('%s is asked for no more than it can do in time', (_name, costs, keys, size) => {
    const { answers } = read(keys, () => size, costs);
    for (const { serverMs, lineMs } of answers.slice(1)) {
      expect(serverMs).toBeLessThanOrEqual(answerMs * 1.01);
      expect(lineMs).toBeLessThanOrEqual(answerMs * 1.01);
    }
  });

  test('a server that takes all its time to pass by the rest is not asked the more often', () => {
    const { answers } = read(300_000, () => 12, { ...usual, readUs: 60 });
    for (const { keys } of answers.slice(0, -1)) expect(keys).toBeGreaterThanOrEqual(4095);
  });

  const asked = (pages: Pages) =>
    pages.next('7').map((op) => {
      const { key, range_end, limit, revision } = (
        op as { request_range: { key: Buffer; range_end?: Buffer; limit: number; revision: string } }
      ).request_range;
      return [key.toString('latin1'), range_end?.toString('latin1'), limit, revision];
    });

  test('one key needs no part of the limit that ranges share', () => {
    expect(asked(new Pages(rangesOf(['/app', '/b']), answerMs))).toEqual([
      ['/app', undefined, 2047, '7'],
      ['/app/', '/app0', 2047, '7'],
      ['/b', undefined, 2047, '7'],
      ['/b/', '/b0', 2047, '7'],
    ]);
  });

  test('what is too long is asked for again with an eighth of the limit, down to one key', () => {
    const pages = new Pages([{ start: '/', end: '0' }], answerMs);
    const limits = [asked(pages)[0]![2]];
    while (pages.shrink()) limits.push(asked(pages)[0]![2]);
    expect(limits).toEqual([4096, 512, 64, 8, 1]);
  });

  test('what is late is asked for once again, in less, unless little was asked for or nobody is there', () => {
    const pages = new Pages([{ start: '/', end: '0' }], answerMs);
    pages.next('0');
    expect(pages.hurry(new Late('nobody', false))).toBe(false);
    expect(pages.hurry(new Late('begun', true))).toBe(true);
    expect(asked(pages)[0]![2]).toBe(512);
    expect(pages.hurry(new Late('begun', true))).toBe(false);
  });

  test('a large page that is late is asked for again as the first one was', () => {
    const pages = new Pages([{ start: '/', end: '0' }], answerMs);
    pages.next('0');
    const pairs = [{ key: '/k', value: 'v', created: 1, modified: 1 }];
    const responses = [{ pairs, more: true, count: 1000 }];
    pages.take({ header: {} as never, responses, bytes: 20 }, { serverMs: 1, lineMs: 1 });
    expect(asked(pages)).toEqual([['/k\0', '0', 1500, '7']]);
    expect(pages.hurry(new Late('nobody', false))).toBe(false);
  });
});
