import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../../src/minietcd/state/event.ts';
import { History, isBelow } from '../../../src/minietcd/state/history.ts';

function event(index: number, key: string, more: Partial<Event> = {}, value: string | null = ''): Event {
  const node = {
    key,
    value: value ?? undefined,
    dir: value === null,
    expires: undefined,
    ttl: 0,
    modified: index,
    created: index,
  };
  return { action: 'set', node, prevNode: undefined, refresh: false, ...more };
}

function heard(history: History, path: string, recursive: boolean, since: number): number[] {
  return [...history.matching(path, recursive, since)].map(({ node }) => node.modified);
}

describe('lost events', () => {
  test('the newest thousand are kept; older ones are refused', () => {
    const history = new History(3);
    for (let index = 4; index <= 1500; index++) history.add(event(index, '/a'));
    expect(history.oldest).toBe(501);
    expect(() => heard(history, '/a', false, 500)).toThrow(expect.objectContaining({ code: 401, index: 1500 }));
    expect(heard(history, '/a', false, 501)).toHaveLength(1000);
    expect(history.at(1501)).toBeUndefined();
  });

  test('long values push old events out earlier, but never the newest', () => {
    const history = new History(3);
    const long = 'v'.repeat(100 * 1024 * 1024);
    for (let index = 4; index <= 10; index++) history.add(event(index, '/a', {}, long));
    expect(heard(history, '/a', false, history.oldest)).toEqual([9, 10]);
    history.add(event(11, '/a', {}, 'v'.repeat(300 * 1024 * 1024)));
    expect(heard(history, '/a', false, history.oldest)).toEqual([11]);
  });

  test('a young history has lost nothing', () => {
    const history = new History(3);
    expect(heard(history, '/a', false, 1)).toEqual([]);
    history.add(event(4, '/a'));
    expect(heard(history, '/a', false, 1)).toEqual([4]);
  });
});

test.each([
  ['/d', false, [10]],
  ['/d', true, [4, 6, 7, 8, 10]],
  ['/d/a', false, [4, 8, 10]],
  ['/d/_h', false, [6, 10]],
  ['/dx', true, [5]],
  ['/d/never/was', false, [10]],
  ['/', true, [4, 5, 6, 7, 8, 10]],
  ['/', false, []],
])('watching %s (recursive: %s) from the start hears %j', (path, recursive, indexes) => {
  const history = new History(3);
  history.add(event(4, '/d/a'));
  history.add(event(5, '/dx/a'));
  history.add(event(6, '/d/_h'));
  history.add(event(7, '/d/b', { action: 'delete' }));
  history.add(event(8, '/d/a', { action: 'update' }));
  history.add(event(9, '/d/a', { refresh: true }));
  history.add(event(10, '/d', { action: 'delete' }, null));
  expect(heard(history, path, recursive, 4)).toEqual(indexes);
});

test.each([
  ['/a/b', '/a', true],
  ['/ab', '/a', false],
  ['/a', '/a', false],
  ['/a', '/', true],
  ['/', '/', false],
])('%s is below %s: %s', (key, directory, below) => {
  expect(isBelow(key, directory)).toBe(below);
});
