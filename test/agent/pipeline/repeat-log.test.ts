import { expect, test } from '@jest/globals';
import { RepeatLog } from '../../../src/agent/pipeline/repeat-log.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

/** Passes of one resource: what each says, and whether it fails. */
function passes(...told: readonly (readonly [readonly string[], boolean])[]): (readonly [number, readonly string[]])[] {
  const memory = memoryLog();
  const log = new RepeatLog(memory);
  return told.map(([lines, failed]) => {
    memory.lines.length = 0;
    log.begin();
    for (const line of lines) log.info(line);
    return [log.end(failed), [...memory.lines]];
  });
}

test.each([
  [
    'what a pass says that did not fail is said again',
    [
      [['a'], false],
      [['a'], false],
    ],
    [
      [0, ['INFO a']],
      [0, ['INFO a']],
    ],
  ],
  [
    'what a failed pass said is not',
    [
      [['a', 'b'], true],
      [['a', 'b'], true],
    ],
    [
      [1, ['INFO a', 'INFO b']],
      [2, ['DEBUG a', 'DEBUG b']],
    ],
  ],
  [
    'from the first new line on all is said',
    [
      [['a', 'b'], true],
      [['x', 'a', 'b'], true],
    ],
    [
      [1, ['INFO a', 'INFO b']],
      [1, ['INFO x', 'INFO a', 'INFO b']],
    ],
  ],
  [
    'and what comes after it is',
    [
      [['a', 'b'], true],
      [['a', 'c', 'b'], true],
    ],
    [
      [1, ['INFO a', 'INFO b']],
      [1, ['DEBUG a', 'INFO c', 'INFO b']],
    ],
  ],
  [
    'a pass that works begins anew',
    [
      [['a'], true],
      [['a'], false],
      [['a'], true],
    ],
    [
      [1, ['INFO a']],
      [0, ['DEBUG a']],
      [1, ['INFO a']],
    ],
  ],
  [
    'numbers count in lines of ours',
    [
      [['exit status 1'], true],
      [['exit status 2'], true],
    ],
    [
      [1, ['INFO exit status 1']],
      [1, ['INFO exit status 2']],
    ],
  ],
] as const)('%s', (_name, told, expected) => {
  expect(passes(...told)).toEqual(expected);
});

test('debug and fatal lines, and the one line that stands for the others, pass as they are', () => {
  const memory = memoryLog();
  const log = new RepeatLog(memory);
  for (let pass = 0; pass < 2; pass++) {
    log.begin();
    log.debug('d');
    log.fatal('f');
    log.error('e');
    log.warning('w');
    log.again(`${log.end(true)} times`);
  }
  expect(memory.lines).toEqual([
    ...['DEBUG d', 'FATAL f', 'ERROR e', 'WARNING w', 'ERROR 1 times'],
    ...['DEBUG d', 'FATAL f', 'DEBUG e', 'DEBUG w', 'ERROR 2 times'],
  ]);
});
