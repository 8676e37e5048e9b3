import { expect, test } from '@jest/globals';
import type { Event } from '../../../src/minietcd/state/event.ts';
import { WatcherHub, type Watcher } from '../../../src/minietcd/state/watcher-hub.ts';

function event(key: string, index = 5): Event {
  const node = { key, value: '', dir: false, expires: undefined, ttl: 0, modified: index, created: index };
  return { action: 'set', node, prevNode: undefined, refresh: false };
}

function watcher(path: string, heard: string[], more: Partial<Watcher> = {}): Watcher {
  return {
    path,
    recursive: false,
    stream: true,
    since: 0,
    onEvent: ({ node }) => heard.push(`${path} ${node.key}`),
    end: () => heard.push(`${path} end`),
    ...more,
  };
}

test('an event is told once to everyone concerned', () => {
  const hub = new WatcherHub();
  const heard: string[] = [];
  for (const path of ['/', '/a', '/a/b', '/a/b/c', '/ab']) hub.add(watcher(path, heard, { recursive: true }));
  hub.add(watcher('/a/b', heard));
  hub.notify(event('/a/b'));
  expect(heard.sort()).toEqual(['/ /a/b', '/a /a/b', '/a/b /a/b', '/a/b /a/b']);
});

test.each([
  ['/a/_h', ['/a/_h']],
  ['/a/_h/x', ['/a/_h', '/a/_h/x']],
  ['/a/_h/_y', ['/a/_h/_y']],
  ['/a/x_y', ['/', '/a', '/a/x_y']],
])('%s is told to %j', (key, paths) => {
  const hub = new WatcherHub();
  const heard: string[] = [];
  for (const path of ['/', '/a', '/a/_h', '/a/_h/x', '/a/_h/_y', '/a/x_y'])
    hub.add(watcher(path, heard, { recursive: true }));
  hub.notify(event(key));
  expect(heard.map((line) => line.split(' ')[0]).sort()).toEqual(paths);
});

test('who is no stream hears one event, who waits for an index none before it', () => {
  const hub = new WatcherHub();
  const heard: string[] = [];
  hub.add(watcher('/a', heard, { stream: false }));
  hub.add(watcher('/a', heard, { since: 7 }));
  for (const index of [5, 6]) hub.notify(event('/a', index));
  expect(heard).toEqual(['/a /a']);
  hub.notify(event('/a', 7));
  expect(heard).toHaveLength(2);
  expect(hub.size).toBe(1);
});

test('who is removed, even while others are told, hears nothing; the end is told to all that are left', () => {
  const hub = new WatcherHub();
  const heard: string[] = [];
  const second = watcher('/a', heard);
  hub.add(
    watcher('/a', heard, {
      onEvent: () => {
        hub.remove(second);
      },
    }),
  );
  hub.add(second);
  hub.notify(event('/a'));
  hub.remove(second);
  expect(heard).toEqual([]);
  hub.endAll();
  expect(heard).toEqual(['/a end']);
  expect(hub.size).toBe(0);
});
