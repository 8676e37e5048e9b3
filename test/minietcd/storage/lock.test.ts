import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FolderLock, holderOf } from '../../../src/minietcd/storage/lock.ts';
import { scratch } from '../../helpers/disk.ts';

test('a second opener is refused and told who holds it; after the end it may', async () => {
  const folder = scratch();
  expect(await holderOf(folder)).toBeUndefined();
  const lock = await FolderLock.take(folder, 'pid 7');
  await expect(FolderLock.take(folder, 'pid 8')).rejects.toThrow(`data directory ${folder} is in use by pid 7`);
  expect(await holderOf(folder)).toBe('pid 7');
  await lock.release();
  expect(await holderOf(folder)).toBeUndefined();
  await (await FolderLock.take(folder, 'pid 8')).release();
});

test('of many that start at once over a dead lock, one wins', async () => {
  const folder = scratch();
  for (let round = 0; round < 5; round++) {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => FolderLock.take(folder, `pid ${i}`)));
    const won = tries.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]!.value.release();
    expect(readdirSync(folder)).toHaveLength(1);
  }
});

test('a path longer than the address of a socket', async () => {
  const folder = join(scratch(), 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(folder, { recursive: true });
  const lock = await FolderLock.take(folder, 'pid 7');
  await expect(FolderLock.take(folder, 'pid 8')).rejects.toThrow('in use by pid 7');
  await lock.release();
});

test('a holder that was killed holds nothing; one that is stopped still does', async () => {
  const folder = scratch();
  const script = `require('node:net').createServer(s => s.end('pid ' + process.pid)).listen(${JSON.stringify(join(folder, 'LOCK.5'))}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  await expect(FolderLock.take(folder, 'us')).rejects.toThrow(`in use by pid ${child.pid}`);
  child.kill('SIGSTOP');
  await expect(FolderLock.take(folder, 'us')).rejects.toThrow('in use by a process that does not answer');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await FolderLock.take(folder, 'us');
  expect(readdirSync(folder)).toEqual(['LOCK.6']);
  await lock.release();
});
