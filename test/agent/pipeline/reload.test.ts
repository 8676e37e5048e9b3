import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isRetryDue, reload, type ReloadDeps } from '../../../src/agent/pipeline/reload.ts';
import { MemoryLedger } from '../../../src/agent/pipeline/reload-ledger.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { commandOf, pendingLedger, resourceOf, scratch } from '../../helpers/pipeline.ts';

const files = { src: '/s', dest: '/d' };

/** What a pass does of a dest that stays as it is: false when no reload is to be run. */
async function retry(resource: Resource, deps: ReloadDeps): Promise<boolean> {
  const isDue = await isRetryDue(resource, deps);
  if (isDue) await reload(resource.reload!, files, deps);
  return isDue;
}

test.each([
  ['exit 1', 'exit status 1'],
  ['kill -9 $$', 'signal: killed'],
])('%s fails with the bare text', async (text, failure) => {
  const log = memoryLog();
  const command = commandOf('reload_cmd', text);
  await expect(reload(command, files, { log, clock: systemClock, ledger: new MemoryLedger() })).rejects.toMatchObject({
    name: 'AgentError',
    message: failure,
  });
  expect(log.lines).toEqual([`DEBUG Running ${text}`, `ERROR reload_cmd of /d printed nothing: ${failure}`]);
});

test('exit status 0 works', async () => {
  const log = memoryLog();
  const command = commandOf('reload_cmd', 'echo $src $dest');
  await reload(command, files, { log, clock: systemClock, ledger: new MemoryLedger() });
  expect(log.lines).toEqual(['DEBUG Running echo /s /d', 'DEBUG "/s /d\\n"']);
});

describe('a run that is asked to end while the reload runs', () => {
  /** One run of the pending reload; the signal to end comes when the command has begun. */
  async function run(folder: string, command: string, ledger: MemoryLedger, graceMs = 100) {
    const end = new AbortController();
    const log = memoryLog();
    const began = join(folder, 'began');
    const resource = resourceOf('/d', { reload: commandOf('reload_cmd', `echo >>${began}; ${command}`) });
    const before = linesOf(began);
    const ending = { signal: end.signal, graceMs };
    const pass = { log, clock: systemClock, ledger, ending };
    const running = retry(resource, pass).catch((error: unknown) => (error as Error).message);
    await Promise.race([
      running,
      (async () => {
        while (linesOf(began) === before) await systemClock.sleep(5, never);
        end.abort();
      })(),
    ]);
    return { result: await running, log: log.lines.filter((line) => line.startsWith('WARNING')) };
  }

  const resource = resourceOf('/d', { reload: commandOf('reload_cmd', '') });
  const left = 'it still runs 100ms after confd was asked to stop; confd does not wait any longer';

  test('a reload that waits for our end is run once more by the next run, and no third time', async () => {
    using folder = scratch();
    const ledger = pendingLedger(resource);
    expect((await run(folder.path, `while [ -e ${folder.path} ]; do sleep 0.05; done`, ledger)).result).toBe(left);
    expect(await ledger.find('/d')).toMatchObject({ stops: 1 });
    expect((await run(folder.path, `while [ -e ${folder.path} ]; do sleep 0.05; done`, ledger)).result).toBe(left);
    expect(await ledger.find('/d')).toMatchObject({ stops: 2 });
    expect(await run(folder.path, `while [ -e ${folder.path} ]; do sleep 0.05; done`, ledger)).toEqual({
      result: false,
      log: [
        'WARNING The pending reload of /d is not run again: confd was asked to stop 2 times while it ran, so it ' +
          'seems to restart confd itself. If not, run it by hand: reload_cmd as written (/conf.d/r.toml)',
      ],
    });
    expect(await ledger.find('/d')).toBeNull();
    expect(linesOf(join(folder.path, 'began'))).toBe(2);
  });

  test.each([
    ['ends well in time: it is made', 'sleep 0.05', true, null],
    ['fails by itself: it is pending, and that does not count', 'sleep 0.05; exit 3', 'exit status 3', 1],
    ['is ended by a signal, as all of a service is: that counts', 'kill $$', 'signal: terminated', 2],
    ['a program of it is ended by a signal: that counts', 'sh -c "kill \\$\\$"', 'exit status 143', 2],
  ])('a reload that %s', async (_name, command, result, stops) => {
    using folder = scratch();
    const ledger = pendingLedger(resource, 1);
    const text = `while [ ! -e ${folder.path}/go ]; do sleep 0.01; done; ${command}`;
    const running = run(folder.path, text, ledger, 60_000);
    while ((await ledger.find('/d'))?.stops === 1) await systemClock.sleep(5, never);
    writeFileSync(join(folder.path, 'go'), '');
    expect((await running).result).toBe(result);
    const expected = stops === 1 ? { stops: 0 } : stops === null ? null : { stops };
    const entry = await ledger.find('/d');
    if (expected === null) expect(entry).toBeNull();
    else expect(entry).toMatchObject(expected);
  });

  test('another command than the one that was asked to end is run', async () => {
    using folder = scratch();
    const ledger = pendingLedger(resource, 2);
    await ledger.put({ ...(await ledger.find('/d'))!, command: 'other' });
    const pass = { log: memoryLog(), clock: systemClock, ledger };
    const ran = join(folder.path, 'ran');
    const now = resourceOf('/d', { reload: commandOf('reload_cmd', `touch ${ran}`) });
    expect(await retry(now, pass)).toBe(true);
    expect(existsSync(ran)).toBe(true);
  });
});

const never = new AbortController().signal;
const linesOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').length : 0);
