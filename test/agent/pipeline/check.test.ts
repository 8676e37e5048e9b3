import { describe, expect, test } from '@jest/globals';
import { check } from '../../../src/agent/pipeline/check.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { commandOf, resourceOf } from '../../helpers/pipeline.ts';

const files = { src: '/s', dest: '/d' };

test.each([
  ['exit 3', 'exit status 3'],
  ['kill -9 $$', 'signal: killed'],
])('%s', async (text, failure) => {
  const log = memoryLog();
  const resource = resourceOf('/d', { check: commandOf('check_cmd', `echo no; ${text}`) });
  await expect(check(resource, files, { log, clock: systemClock })).rejects.toMatchObject({
    name: 'AgentError',
    message: `Config check failed: ${failure}`,
  });
  expect(log.lines).toEqual([`DEBUG Running echo no; ${text}`, 'ERROR check_cmd of /d: no']);
});

test('a text that cannot be made', async () => {
  const text = () => {
    throw new TemplateError('template: checkcmd:1:2: no');
  };
  const resource = resourceOf('/d', { check: { key: 'check_cmd', text, timeoutMs: null } });
  await expect(check(resource, files, { log: memoryLog(), clock: systemClock })).rejects.toThrow(
    'Config check failed: template: checkcmd:1:2: no',
  );
});

test('a bug is not dressed as a failed check', async () => {
  const bug = new TypeError('x');
  const text = () => {
    throw bug;
  };
  const resource = resourceOf('/d', { check: { key: 'check_cmd', text, timeoutMs: null } });
  await expect(check(resource, files, { log: memoryLog(), clock: systemClock })).rejects.toBe(bug);
});

describe('passes', () => {
  test.each([
    ['with exit status 0', commandOf('check_cmd', 'echo $src $dest'), ['DEBUG Running echo /s /d', 'DEBUG "/s /d\\n"']],
    ['without a command', null, []],
  ])('%s', async (_name, command, lines) => {
    const log = memoryLog();
    await check(resourceOf('/d', { check: command }), files, { log, clock: systemClock });
    expect(log.lines).toEqual(lines);
  });
});
