import { appendFileSync, renameSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../../src/agent/schedule/agent.ts';
import { WakeSignal } from '../../../src/agent/schedule/wake-signal.ts';
import { watchDests, watchEdits } from '../../../src/agent/schedule/edits.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import type { FileWatch } from '../../../src/file-watch/file-watch.ts';
import { fasterClock } from '../../faults/agents.ts';
import { Confdir } from '../../helpers/confd.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

// Which files are watched; how they are is in test/file-watch, and the whole in test/e2e/edits.test.ts.

const around = { clock: fasterClock(20), log: memoryLog() };
const open: FileWatch[] = [];
afterEach(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

function agentWith(...resources: { template: string; dest: string; noop?: boolean }[]) {
  const wakeSignal = new WakeSignal();
  const agent = { wakeSignal, resources: resources as unknown as readonly Resource[] };
  const within = async (ms: number) =>
    [...(await wakeSignal.next(ms, around.clock))].filter((reason) => reason !== 'timer');
  /** The next thing that is notified, for as long as a busy machine needs. */
  const notified = () => within(1_800_000);
  /** What is notified in the next while, which is nothing when all goes well. */
  const quiet = () => within(30_000);
  const settled = async () => {
    while ((await quiet()).length > 0);
  };
  return { agent: agent as unknown as Agent, notified, quiet, settled };
}

test.each([
  ['conf.d/x.toml', 'conf.d/x.toml'],
  ['a template', 'templates/x.tmpl'],
  ['what it includes', 'templates/parts/p.tmpl'],
  ['a template outside of templates/', 'shared/y.tmpl'],
  ['the resource file outside of conf.d', 'mine.toml'],
])('an edit of %s is noticed', async (_name, file) => {
  const dir = new Confdir();
  for (const name of ['conf.d/x.toml', 'templates/x.tmpl', 'templates/parts/p.tmpl', 'shared/y.tmpl', 'mine.toml']) {
    dir.write(name, '');
  }
  const { agent, notified, settled } = agentWith(
    { template: dir.path('templates/x.tmpl'), dest: dir.path('x') },
    { template: dir.path('shared/y.tmpl'), dest: dir.path('y') },
  );
  open.push(watchEdits(agent, { confdir: dir.root, resourceFile: dir.path('mine.toml') }, around));
  expect(await notified()).toEqual(['edit']); // it begins to see
  await settled();
  appendFileSync(dir.path(file), '#');
  expect(await notified()).toEqual(['edit']);
});

test.each([
  [
    'changed',
    (dest: string) => {
      appendFileSync(dest, '.');
    },
  ],
  [
    'removed',
    (dest: string) => {
      rmSync(dest);
    },
  ],
  [
    'moved away',
    (dest: string) => {
      renameSync(dest, `${dest}.old`);
    },
  ],
])('a dest that is %s is noticed; one of noop is not', async (_name, deed) => {
  const dir = new Confdir();
  for (const name of ['out/x', 'dry/y']) dir.write(name, '');
  const { agent, notified, quiet, settled } = agentWith(
    { template: dir.path('x.tmpl'), dest: dir.path('out/x') },
    { template: dir.path('y.tmpl'), dest: dir.path('dry/y'), noop: true },
  );
  open.push(watchDests(agent, around));
  expect(await notified()).toEqual(['dest']); // it begins to see
  await settled();
  deed(dir.path('dry/y'));
  expect(await quiet()).toEqual([]);
  deed(dir.path('out/x'));
  expect(await notified()).toEqual(['dest']);
});
