import { describe, expect, test } from '@jest/globals';
import { reload } from '../../src/agent/reload.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { memoryLog } from '../helpers/memoryLog.ts';
import { commandOf, resourceOf } from '../helpers/rooms.ts';

const files = { src: '/s', dest: '/d' };

test.each([
  ['exit 1', 'exit status 1'],
  ['kill -9 $$', 'signal: killed'],
])('%s fails with the bare text', async (text, failure) => {
  const log = memoryLog();
  const resource = resourceOf('/d', { reload: commandOf('reload_cmd', text) });
  await expect(reload(resource, files, { log, clock: systemClock })).rejects.toMatchObject({
    name: 'AgentError',
    message: failure,
  });
  expect(log.lines).toEqual([`DEBUG Running ${text}`, 'ERROR ""']);
});

describe('works', () => {
  test.each([
    [
      'with exit status 0',
      commandOf('reload_cmd', 'echo $src $dest'),
      ['DEBUG Running echo /s /d', 'DEBUG "/s /d\\n"'],
    ],
    ['without a command', null, []],
  ])('%s', async (_name, command, lines) => {
    const log = memoryLog();
    await reload(resourceOf('/d', { reload: command }), files, { log, clock: systemClock });
    expect(log.lines).toEqual(lines);
  });
});
