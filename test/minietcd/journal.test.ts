import { expect, test } from '@jest/globals';
import { openData, scratch, set } from '../helpers/disk.ts';
import { filesOf } from '../helpers/disk.ts';
import { statSync } from 'node:fs';
import { readLog } from '../../src/minietcd/wal/scan.ts';
import { listSegments } from '../../src/minietcd/wal/segment.ts';
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
