import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { filesOf, openData, picture, scratch, set, type Opened } from '../../helpers/disk.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { waitFor } from '../../helpers/confd.ts';

// What someone does to a data directory in use: nothing that is answered may be lost because of it.

const lookMs = 2000;

/** A data directory with two keys, in use in a folder of its own. */
async function used(settings = {}) {
  const above = scratch();
  const folder = join(above, 'data');
  mkdirSync(folder);
  const clock = new FakeClock();
  const opened = await openData(folder, settings, clock);
  await opened.keyspace.submit(set('/a', '1'));
  await opened.keyspace.submit(set('/b', '2'));
  return { above, folder, clock, opened };
}

const segmentOf = (folder: string) => filesOf(folder, 'wal').at(-1)!;
const locks = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('LOCK'));

async function refuses({ keyspace }: Opened, words: RegExp): Promise<void> {
  await expect(keyspace.submit(set('/c', '3'))).rejects.toMatchObject({
    code: 300,
    about: expect.stringMatching(words),
  });
  expect(keyspace.isReadOnly).toBe(true);
  expect(keyspace.get('/a').value).toBe('1');
  expect(() => keyspace.get('/c')).toThrow('Key not found');
}

/** What was refused is not there, and what was answered is. */
async function keeps(folder: string, keys: readonly string[]): Promise<void> {
  await using again = await openData(folder);
  for (const key of keys) expect(again.keyspace.get(key).value).not.toBe('');
  expect(() => again.keyspace.get('/c')).toThrow('Key not found');
}

describe('the directory', () => {
  test.each([
    [
      'is removed',
      (folder: string) => {
        rmSync(folder, { recursive: true });
      },
      /\.wal was removed$/,
    ],
    [
      'is moved away',
      (folder: string) => {
        renameSync(folder, `${folder}.old`);
      },
      /\.wal is not there any more$/,
    ],
    [
      'is replaced by a copy',
      (folder: string) => {
        renameSync(folder, `${folder}.old`);
        mkdirSync(folder);
        for (const kind of ['wal', 'snap'])
          cpSync(join(`${folder}.old`, kind), join(folder, kind), { recursive: true });
      },
      /\.wal was replaced by another file$/,
    ],
    [
      'becomes an empty one',
      (folder: string) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      },
      /\.wal was removed$/,
    ],
    [
      'becomes a file',
      (folder: string) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, '');
      },
      /\.wal cannot be reached: it is not a directory$/,
    ],
  ])('%s: changes are refused, reads go on, and it is said', async (_what, strike, words) => {
    const { folder, opened } = await used();
    strike(folder);
    await refuses(opened, words);
    expect(opened.log.lines.at(-1)).toMatch(
      /^ERROR write-ahead log: .*: changes are refused until this is repaired; all keys are still in memory, and "mini-etcd export" saves them$/,
    );
    await opened.close();
  });

  test('it is noticed without a change, too', async () => {
    const { folder, clock, opened } = await used();
    rmSync(folder, { recursive: true });
    await clock.advance(lookMs);
    expect(opened.keyspace.isReadOnly).toBe(true);
    expect(opened.log.lines).toHaveLength(1);
    await clock.advance(10 * lookMs);
    expect(opened.log.lines).toHaveLength(1);
    await opened.close();
  });

  test('moved away and back: changes are taken again, and what was refused is not in it', async () => {
    const { folder, clock, opened } = await used();
    renameSync(folder, `${folder}.old`);
    await refuses(opened, /is not there any more$/);
    renameSync(`${folder}.old`, folder);
    await clock.advance(lookMs);
    await waitFor('the return', async () => (await clock.advance(lookMs), !opened.keyspace.isReadOnly));
    expect(opened.log.lines.at(-1)).toBe('INFO the data directory can be used again: changes are accepted');
    await opened.keyspace.submit(set('/d', '4'));
    const before = picture(opened);
    await opened.close();
    await keeps(folder, ['/a', '/b', '/d']);
    await using again = await openData(folder);
    expect(picture(again)).toMatchObject({ index: (before as { index: number }).index });
  });

  test('moved away in the middle of a batch: that batch is refused, and taken out of the log', async () => {
    const { folder, opened } = await used();
    const change = opened.keyspace.submit(set('/c', 'x'.repeat(1_000_000)));
    await new Promise((resolve) => setImmediate(resolve));
    renameSync(folder, `${folder}.old`);
    const outcome = await change.then(
      () => 'answered',
      () => 'refused',
    );
    await opened.close();
    await using again = await openData(`${folder}.old`);
    const isThere = (() => {
      try {
        return again.keyspace.get('/c').value.length > 0;
      } catch {
        return false;
      }
    })();
    expect(isThere).toBe(outcome === 'answered');
  });
});

describe('the log', () => {
  test.each([
    [
      'is removed',
      (file: string) => {
        rmSync(file);
      },
      /\.wal was removed$/,
    ],
    [
      'is cut',
      (file: string) => {
        truncateSync(file, 100);
      },
      /\.wal has \d+ bytes instead of \d+: something else has changed it$/,
    ],
    [
      'is emptied',
      (file: string) => {
        truncateSync(file, 0);
      },
      /\.wal has \d+ bytes instead of \d+/,
    ],
    [
      'is written to',
      (file: string) => {
        writeFileSync(file, 'more', { flag: 'a' });
      },
      /\.wal has \d+ bytes instead of \d+/,
    ],
    [
      'is restored from a copy',
      (file: string) => {
        const bytes = readFileSync(file);
        rmSync(file);
        writeFileSync(`${file}.copy`, bytes);
        renameSync(`${file}.copy`, file);
      },
      /\.wal was replaced by another file$/,
    ],
  ])('%s: changes are refused', async (_what, strike, words) => {
    const { folder, opened } = await used();
    strike(segmentOf(folder));
    await refuses(opened, words);
    await opened.close();
  });

  test('one that was cut is not taken for a shorter one at the next start', async () => {
    const { folder, opened } = await used();
    const file = segmentOf(folder);
    const { length } = readFileSync(file, 'latin1').replace(/\0+$/, '');
    await opened.keyspace.submit(set('/later', '1'));
    truncateSync(file, Math.ceil(length / 8) * 8);
    await refuses(opened, /instead of/);
    await opened.close();
    await expect(openData(folder)).rejects.toThrow(/\.wal: offset \d+: /);
  });

  test('one that was cut without a change after it is left as it is', async () => {
    const { folder, clock, opened } = await used();
    truncateSync(segmentOf(folder), 100);
    await clock.advance(lookMs);
    expect(opened.keyspace.isReadOnly).toBe(true);
    await opened.close();
    expect(statSync(segmentOf(folder)).size).toBe(100);
  });
});

describe('the lock', () => {
  test('removed: it is taken again, and others stay out', async () => {
    const { folder, clock, opened } = await used();
    for (const name of locks(folder)) rmSync(join(folder, name));
    await refuses(opened, /the lock of the data directory was removed$/);
    await waitFor('the lock', async () => (await clock.advance(lookMs), !opened.keyspace.isReadOnly));
    await expect(openData(folder)).rejects.toThrow('is in use by');
    await opened.keyspace.submit(set('/d', '4'));
    await opened.close();
    await keeps(folder, ['/a', '/b', '/d']);
  });

  test('taken by another: this one writes nothing any more, also once the other is gone', async () => {
    const { folder, clock, opened } = await used();
    for (const name of locks(folder)) rmSync(join(folder, name));
    const other = await openData(folder);
    await other.keyspace.submit(set('/other', '1'));
    await expect(opened.keyspace.submit(set('/c', '3'))).rejects.toMatchObject({ code: 300 });
    await clock.advance(lookMs);
    await waitFor(
      'the word',
      async () => (
        await clock.advance(lookMs),
        opened.log.lines.some((line) => line.includes('another process has written to it'))
      ),
    );
    await other.close();
    await clock.advance(10 * lookMs);
    await expect(opened.keyspace.submit(set('/c', '3'))).rejects.toMatchObject({ code: 300 });
    await opened.close();
    await keeps(folder, ['/a', '/b', '/other']);
  });
});

describe('what can be made anew from memory', () => {
  test('META', async () => {
    const { folder, clock, opened } = await used({ name: 'one' });
    const meta = readFileSync(join(folder, 'META'), 'utf8');
    rmSync(join(folder, 'META'));
    await waitFor('META', async () => (await clock.advance(lookMs), existsSync(join(folder, 'META'))));
    expect(readFileSync(join(folder, 'META'), 'utf8')).toBe(meta);
    await waitFor('the word', () => opened.log.lines.length > 0);
    expect(opened.log.lines).toEqual([`WARNING ${join(folder, 'META')}: was removed, and is written again`]);
    await opened.close();
    await keeps(folder, ['/a', '/b']);
  });

  test.each([
    [
      'the newest snapshot',
      (folder: string) => {
        filesOf(folder, 'snap').forEach((file) => {
          rmSync(file);
        });
      },
    ],
    [
      'their folder',
      (folder: string) => {
        rmSync(join(folder, 'snap'), { recursive: true });
      },
    ],
  ])('%s', async (_what, strike) => {
    const { folder, clock, opened } = await used({ snapshotCount: 20, segmentBytes: 2000 });
    for (let n = 0; n < 100; n++) await opened.keyspace.submit(set(`/n${n % 7}`, `${n}`.repeat(20)));
    await waitFor('a snapshot', () => filesOf(folder, 'snap').length > 0);
    await waitFor('a shorter log', () => !segmentOf(folder).includes('0000000000000001-'));
    strike(folder);
    const has = () => existsSync(join(folder, 'snap')) && filesOf(folder, 'snap').length > 0;
    await waitFor('a snapshot', async () => (await clock.advance(lookMs), has()));
    const before = picture(opened);
    await opened.close();
    await using again = await openData(folder);
    expect((picture(again) as { saved: unknown }).saved).toEqual((before as { saved: unknown }).saved);
  });
});
