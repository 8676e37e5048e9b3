import { describe, expect, test } from '@jest/globals';
import { EmptyReadGuard } from '../../../src/agent/source/empty-read-guard.ts';
import { Mirror } from '../../../src/mirror/mirror.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

const wishes = [
  { dest: '/etc/a', keys: ['/a', '/shared'] },
  { dest: '/etc/b', keys: ['/b'] },
  { dest: '/etc/none', keys: [] },
];
const snapshot = (keys: readonly string[]) => ({
  cursor: new Map(),
  pairs: new Map(keys.map((key) => [key, 'v'])),
});

/** What is believed of one read after the other, and what is said. */
function readings(reads: readonly (readonly string[])[]) {
  const log = memoryLog();
  const doubt = new EmptyReadGuard(new FakeBackend(), log);
  const mirror = new Mirror();
  const believed = reads.map((keys) => {
    const isBelieved = doubt.believes(snapshot(keys), mirror, wishes);
    expect(doubt.isOpen).toBe(!isBelieved);
    if (isBelieved) mirror.replace(snapshot(keys));
    return isBelieved;
  });
  return { believed, log: log.lines };
}

const doubted = (dest: string, where: string) =>
  `WARNING Target config ${dest} stays as it is: fake has lost all keys at ${where}; reading again to make sure`;
const gone = (dest: string) => `WARNING The keys of ${dest} are gone: a second read of fake found none either`;
const back = (dest: string) => `INFO The keys of ${dest} are back`;

describe('what is not believed at once', () => {
  test.each<[string, readonly (readonly string[])[], boolean[], string[]]>([
    [
      'everything is gone, and stays so',
      [['/a/1', '/b/1'], [], [], []],
      [true, false, true, true],
      [doubted('/etc/a', '/a, /shared'), doubted('/etc/b', '/b'), gone('/etc/a'), gone('/etc/b')],
    ],
    ['it comes back', [['/b'], [], ['/b']], [true, false, true], [doubted('/etc/b', '/b'), back('/etc/b')]],
    [
      'other keys of the same resource come',
      [['/a/1'], [], ['/shared/1']],
      [true, false, true],
      [doubted('/etc/a', '/a, /shared'), back('/etc/a')],
    ],
    [
      'one resource loses all, a namesake of its key does not count',
      [
        ['/a/1', '/b/1'],
        ['/a/1', '/b2'],
        ['/a/1', '/b2'],
      ],
      [true, false, true],
      [doubted('/etc/b', '/b'), gone('/etc/b')],
    ],
    [
      'another one in the second read',
      [['/a/1', '/b/1'], ['/b/1'], ['/a/1'], ['/a/1']],
      [true, false, false, true],
      [doubted('/etc/a', '/a, /shared'), doubted('/etc/b', '/b'), back('/etc/a'), gone('/etc/b')],
    ],
    [
      'once more, later',
      [['/b'], [], ['/b'], [], []],
      [true, false, true, false, true],
      [doubted('/etc/b', '/b'), back('/etc/b'), doubted('/etc/b', '/b'), gone('/etc/b')],
    ],
  ])('%s', (_name, reads, believed, log) => {
    expect(readings(reads)).toEqual({ believed, log });
  });
});

test.each<[string, readonly (readonly string[])[]]>([
  ['a store that is empty from the start', [[], [], ['/a'], ['/a']]],
  [
    'fewer keys',
    [
      ['/a/1', '/a/2', '/b'],
      ['/a/2', '/b'],
    ],
  ],
  ['other keys', [['/a/1'], ['/a/2'], ['/shared']]],
  ['keys that no resource wants', [['/a', '/x'], ['/a']]],
])('%s: believed at once', (_name, reads) => {
  expect(readings(reads)).toEqual({ believed: reads.map(() => true), log: [] });
});

test('the second read is 1 to 5 seconds later, and not at the same time for all', () => {
  const waits = Array.from({ length: 100 }, () => new EmptyReadGuard(new FakeBackend(), memoryLog()).waitMs);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5000);
  expect(new Set(waits).size).toBeGreaterThan(50);
});
