import { describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { filesOf, openData, scratch, set, type Opened } from '../../helpers/disk.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { readLog } from '../../../src/minietcd/storage/wal/log-reader.ts';
import { listSegments } from '../../../src/minietcd/storage/wal/segment.ts';
import { join } from 'node:path';

test('changes that come in together share one sync, and are answered in the order of the log', async () => {
  const folder = scratch();
  await using opened = await openData(folder);
  const answered: number[] = [];
  const change = async (n: number) => {
    await opened.keyspace.submit(set(`/${n}`, 'v'));
    answered.push(n);
  };
  await Promise.all(Array.from({ length: 100 }, (_, n) => change(n)));
  expect(answered).toEqual(Array.from({ length: 100 }, (_, n) => n));
  const batches: number[] = [];
  const take = ({ startsBatch }: { startsBatch: boolean }) => {
    if (startsBatch) batches.push(0);
    batches[batches.length - 1]!++;
  };
  readLog(listSegments(join(folder, 'wal')), { clusterId: opened.disk.meta.clusterId, take });
  expect(batches).toEqual([100]);
});

test('nothing is seen before it is on disk', async () => {
  const folder = scratch();
  await using opened = await openData(folder);
  const size = () => statSync(filesOf(folder, 'wal')[0]!).size;
  const before = size();
  const change = opened.keyspace.submit(set('/a', 'v'));
  expect(() => opened.keyspace.get('/a')).toThrow('Key not found');
  await change;
  expect(size()).toBeGreaterThan(before);
  expect(opened.keyspace.get('/a').value).toBe('v');
});

test('a closed journal answers what it has taken in, and refuses the rest', async () => {
  const opened = await openData(scratch());
  const taken = opened.keyspace.submit(set('/a', 'v'));
  await opened.close();
  await expect(taken).resolves.toHaveLength(1);
  await expect(opened.keyspace.submit(set('/b', 'v'))).rejects.toMatchObject({ code: 300 });
});

describe('whether a change that comes alone may hold up everything else', () => {
  /** True where the change was carried out before the event loop had gone round. */
  async function isBlocking({ keyspace }: Opened): Promise<boolean> {
    let isDone = false;
    const change = keyspace.submit(set('/a', 'v')).then(() => (isDone = true));
    await new Promise((resolve) => setImmediate(resolve));
    const before = isDone;
    await change;
    return before;
  }

  test('it may on a disk that has been quick, unless someone has read within a second', async () => {
    const clock = new FakeClock();
    // In memory, where there is such a place: nobody knows when another disk is quick.
    const folder = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/mini-etcd-') : scratch();
    await using opened = await openData(folder, {}, clock);
    while (!(await isBlocking(opened)));
    opened.keyspace.get('/a');
    await clock.advance(999);
    for (let n = 0; n < 10; n++) expect(await isBlocking(opened)).toBe(false);
    await clock.advance(1);
    while (!(await isBlocking(opened)));
    rmSync(folder, { recursive: true });
  });

  test('two that come together never do', async () => {
    await using opened = await openData(scratch());
    for (let n = 0; n < 10; n++) {
      const other = opened.keyspace.submit(set('/b', 'v'));
      expect(await isBlocking(opened)).toBe(false);
      await other;
    }
  });
});
