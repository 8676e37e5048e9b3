import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Drift } from '../../../src/agent/pipeline/drift.ts';
import type { PassRecord } from '../../../src/agent/pipeline/pass-record.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { recordOf } from '../../helpers/pipeline.ts';

const md5 = createHash('md5').update('text').digest('hex');

const passed = (status: 'unchanged' | 'updated' | 'stopped'): PassRecord => ({
  ...recordOf(status === 'stopped' ? { status } : { status, reloaded: false }),
  comparison: { found: null, wanted: { md5, mode: 0o644, uid: 0, gid: 0 }, changed: true },
});

/** A dest as a pass has left it. */
function left(status: 'unchanged' | 'updated' | 'stopped' = 'updated') {
  const dest = join(mkdtempSync(join(tmpdir(), 'drift-')), 'x');
  writeFileSync(dest, 'text', { mode: 0o644 });
  const log = memoryLog();
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  const resource = { dest, file: 'x.toml', mode: 0o644, uid, gid } as unknown as Resource;
  const drift = new Drift(resource, log);
  drift.begin();
  drift.end(passed(status));
  return { drift, dest, log };
}

const rows: readonly (readonly [string, (dest: string) => void, string])[] = [
  ['nothing', () => undefined, 'no'],
  [
    'another time',
    (dest) => {
      utimesSync(dest, 1, 1);
    },
    'no',
  ],
  [
    'the same written again',
    (dest) => {
      writeFileSync(`${dest}.new`, 'text', { mode: 0o644 });
      renameSync(`${dest}.new`, dest);
    },
    'no',
  ],
  [
    'more text',
    (dest) => {
      appendFileSync(dest, '.');
    },
    'changed',
  ],
  [
    'other text of the same length',
    (dest) => {
      writeFileSync(dest, 'Text');
    },
    'changed',
  ],
  [
    'a directory in its place',
    (dest) => {
      rmSync(dest);
      mkdirSync(dest);
    },
    'changed',
  ],
  [
    'another mode',
    (dest) => {
      chmodSync(dest, 0o600);
    },
    'changed',
  ],
  [
    'removed',
    (dest) => {
      rmSync(dest);
    },
    'gone',
  ],
  [
    'its folder removed',
    (dest) => {
      rmSync(join(dest, '..'), { recursive: true });
    },
    'gone',
  ],
];

test.each(rows)('%s', async (_name, deed, drifted) => {
  const { drift, dest } = left();
  expect(await drift.look()).toBe('no');
  deed(dest);
  expect(await drift.look()).toBe(drifted);
  expect(await drift.look()).toBe(drifted);
});

test.each(rows)('%s, before the first look', async (_name, deed, drifted) => {
  const { drift, dest } = left();
  deed(dest);
  expect(await drift.look()).toBe(drifted);
});

test('after a pass that left nothing as wished there is nothing to compare with', async () => {
  const { drift, dest } = left('stopped');
  rmSync(dest);
  expect(await drift.look()).toBe('no');
});

test('a look during a pass answers when it has ended; one that a pass overtakes leaves it to the pass', async () => {
  const { drift, dest } = left();
  drift.begin();
  const during = drift.look();
  rmSync(dest);
  drift.end(passed('updated'));
  expect(await during).toBe('gone');
  const overtaken = drift.look();
  await Promise.resolve();
  drift.begin();
  expect(await overtaken).toBe('no');
});

test('it is said once until a pass has put it right', () => {
  const { drift, log } = left();
  drift.report();
  drift.report();
  expect(log.lines).toHaveLength(1);
  drift.begin();
  drift.end(passed('updated'));
  drift.report();
  expect(log.lines).toHaveLength(2);
});
