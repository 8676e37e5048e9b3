import { expect, test } from '@jest/globals';
import { type Outcome, report } from '../../src/agent/outcome.ts';
import { memoryLog } from '../helpers/memoryLog.ts';
import { resourceOf } from '../helpers/rooms.ts';

const difference = { changed: false, lines: [], problem: null, wished: { mode: 0o644, uid: 0, gid: 0 } };
const error = new Error('exit status 1');
const rows: readonly (readonly [Outcome, readonly string[]])[] = [
  [
    { status: 'failed', room: 'check', error, owed: false },
    ['ERROR exit status 1', 'WARNING Target config /d not updated: failed at check (/conf.d/r.toml)'],
  ],
  [
    { status: 'failed', room: 'render', error, owed: true },
    [
      'ERROR exit status 1',
      'WARNING Target config /d not updated: failed at render; a reload is owed (/conf.d/r.toml)',
    ],
  ],
  [
    { status: 'failed', room: 'reload', error, owed: true },
    ['ERROR exit status 1', 'WARNING Target config /d is in place, but its reload failed and is owed (/conf.d/r.toml)'],
  ],
  [{ status: 'unchanged', reloaded: false }, ['DEBUG Target config /d in sync']],
  [{ status: 'unchanged', reloaded: true }, ['INFO Target config /d is in sync and its reload has been made up for']],
  [{ status: 'updated', reloaded: true }, ['INFO Target config /d has been updated']],
  [{ status: 'updated', reloaded: false }, ['INFO Target config /d has been updated']],
  [{ status: 'noop', difference }, ['WARNING Noop mode enabled. /d will not be modified']],
  [{ status: 'stopped' }, ['DEBUG Target config /d left as it was: stopping']],
];

test.each(rows)('%j', (outcome, lines) => {
  const log = memoryLog();
  report(outcome, resourceOf('/d'), log);
  expect(log.lines).toEqual(lines);
});
