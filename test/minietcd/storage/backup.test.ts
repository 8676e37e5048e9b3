import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkDataDirectory, copyDataDirectory } from '../../../src/minietcd/storage/backup.ts';
import { filesOf, openData, picture, scratch, set } from '../../helpers/disk.ts';

const settings = { keepIds: false, truncate: false, now: 0 };

test('a copy of a directory in use starts by itself, with the same data and ids of its own', async () => {
  const [from, to] = [scratch(), join(scratch(), 'copy')];
  await using source = await openData(from, { name: 'n1' });
  for (let i = 0; i < 20; i++) await source.keyspace.submit(set(`/d/${i}`, 'v', 90_000));
  const found = await copyDataDirectory({ ...settings, from, to });
  expect(found).toMatchObject({ index: 23, nodes: 21, holder: expect.stringContaining('pid') });
  await using copy = await openData(to);
  expect(picture(copy)).toEqual(picture(source));
  expect(copy.disk.meta.name).toBe('n1');
  expect(copy.disk.meta.clusterId).not.toBe(source.disk.meta.clusterId);
  await copy.keyspace.submit(set('/more', 'v'));
  const kept = join(scratch(), 'kept');
  expect((await copyDataDirectory({ ...settings, from, to: kept, keepIds: true })).meta).toEqual(source.disk.meta);
});

test.each([
  ['a source that is not there', '/nowhere/at/all', 'no such directory'],
  ['a source that is something else', scratch(), 'not a data directory of mini-etcd'],
])('%s', async (_what, from, message) => {
  await expect(copyDataDirectory({ ...settings, from, to: scratch() })).rejects.toThrow(message);
  await expect(checkDataDirectory(from)).rejects.toThrow(message);
});

test('a target that is not empty is left alone', async () => {
  const [from, to] = [scratch(), scratch()];
  await (await openData(from)).close();
  writeFileSync(join(to, 'mine'), '');
  await expect(copyDataDirectory({ ...settings, from, to })).rejects.toThrow('is not empty');
});

test('check: whole, in use, an unfinished write, damage; and what is before the damage can be saved', async () => {
  const from = scratch();
  const opened = await openData(from);
  for (let i = 0; i < 5; i++) await opened.keyspace.submit(set(`/${i}`, `value ${i}`));
  expect(await checkDataDirectory(from)).toMatchObject({ index: 8, nodes: 5, segments: 1, snapshots: 0, notes: [] });
  await opened.close();
  const [segment] = filesOf(from, 'wal');
  const bytes = readFileSync(segment!);
  writeFileSync(segment!, bytes.subarray(0, -1));
  expect(await checkDataDirectory(from)).toMatchObject({
    nodes: 4,
    notes: [expect.stringContaining('unfinished write')],
  });
  bytes[bytes.indexOf('value 2')]! ^= 1;
  writeFileSync(segment!, bytes);
  await expect(checkDataDirectory(from)).rejects.toThrow(`${segment}: offset `);
  const to = join(scratch(), 'saved');
  await expect(copyDataDirectory({ ...settings, from, to })).rejects.toThrow(`${segment}: offset `);
  const { nodes, notes } = await copyDataDirectory({ ...settings, from, to, truncate: true });
  expect({ nodes, notes }).toEqual({ nodes: 2, notes: [expect.stringContaining('ends before the damage')] });
  await using saved = await openData(to);
  expect(saved.keyspace.get('/1').value).toBe('value 1');
});
