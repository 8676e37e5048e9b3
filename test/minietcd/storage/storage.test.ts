import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkDataDirectory, copyDataDirectory } from '../../../src/minietcd/storage/backup.ts';
import { crc32c } from '../../../src/minietcd/storage/wal/crc.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { filesOf, openData, picture, scratch, set, type Opened } from '../../helpers/disk.ts';

/** Writes keys /0 … with values of about a hundred bytes, several at a time. */
async function fill({ keyspace }: Opened, count: number, from = 0): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => from + i);
  for (let at = 0; at < count; at += 8) {
    await Promise.all(names.slice(at, at + 8).map((n) => keyspace.submit(set(`/d/${n % 50}`, `${n} `.repeat(25)))));
  }
}

/** A data directory with three snapshots and a log, closed, and what is in it. */
async function filled(): Promise<{ folder: string; before: unknown }> {
  const folder = scratch();
  const opened = await openData(folder, { snapshotCount: 20 });
  for (let round = 0; round < 4; round++) {
    const had = filesOf(folder, 'snap').length;
    for (let n = 0; filesOf(folder, 'snap').length === had; n++) {
      await fill(opened, 24, n);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  await fill(opened, 10);
  const before = picture(opened);
  await opened.close();
  return { folder, before };
}

async function stateOf(folder: string): Promise<unknown> {
  await using again = await openData(folder);
  return picture(again);
}

describe('a restart', () => {
  test('keeps tree, history, counters, indexes and identity, and counts the start', async () => {
    const folder = scratch();
    const first = await openData(folder, { name: 'n1' });
    await fill(first, 30);
    await first.keyspace.submit({ action: 'createInOrder', path: '/q', write: { ...write, value: 'é' }, at: 7 });
    await expect(
      first.keyspace.submit({
        ...set('/d/1', 'x'),
        action: 'compareAndSwap',
        guard: { prevValue: 'no', prevIndex: 2n ** 63n },
      }),
    ).rejects.toThrow('Compare failed');
    await first.keyspace.submit({ action: 'delete', path: '/d', reach: { dir: true, recursive: true }, at: 9 });
    const before = picture(first);
    const { requestIndex, term } = first.keyspace;
    await first.close();
    await using second = await openData(folder);
    expect(picture(second)).toEqual(before);
    expect(second.disk.meta).toEqual(first.disk.meta);
    expect(second.keyspace).toMatchObject({ requestIndex: requestIndex + 1, term: term + 1 });
    expect(second.log.lines).toEqual([]);
  });

  const write = { value: '', dir: false, expires: undefined, refresh: false };

  test('F15: what falls due meanwhile expires after it, in order; other TTLs go on', async () => {
    const folder = scratch();
    const first = await openData(folder);
    await first.keyspace.submit(set('/b', 'x', 3000));
    await first.keyspace.submit(set('/a', 'x', 2000));
    await first.keyspace.submit(set('/later', 'x', 500_000));
    await first.close();
    const clock = new FakeClock();
    await clock.advance(10_000);
    await using second = await openData(folder, {}, clock);
    expect(second.keyspace.index).toBe(6);
    await second.keyspace.submit({ action: 'sync', at: clock.now() });
    expect([7, 8].map((n) => second.keyspace.eventAt(n)?.node.key)).toEqual(['/a', '/b']);
    expect(second.keyspace.get('/later').expires).toBe(500_000);
  });

  test('F14: replay asks no clock: a clock that goes back changes nothing', async () => {
    const folder = scratch();
    const clock = new FakeClock();
    await clock.advance(3_600_000);
    const first = await openData(folder, {}, clock);
    await first.keyspace.submit({ ...set('/a', 'x', 3_700_000), at: clock.now() });
    const before = picture(first);
    await first.close();
    await using second = await openData(folder, {}, new FakeClock());
    expect(picture(second)).toEqual(before);
  });

  test('F14: a clock that jumps an hour back or ahead while it runs: keys expire late or early, indexes only grow', async () => {
    const folder = scratch();
    const hour = 3_600_000;
    let now = 2 * hour;
    const clock = { now: () => now, sleep: () => new Promise<void>(() => undefined) };
    await using opened = await openData(folder, {}, clock);
    const { keyspace } = opened;
    const sync = () => keyspace.submit({ action: 'sync', at: now });
    await keyspace.submit({ ...set('/soon', 'x', now + 1000), at: now });
    now -= hour;
    await sync();
    await keyspace.submit({ ...set('/later', 'x', now + 2 * hour), at: now });
    expect([keyspace.index, keyspace.get('/soon').value]).toEqual([5, 'x']);
    now += 2 * hour;
    await sync();
    expect([keyspace.index, keyspace.eventAt(6)?.node.key]).toEqual([7, '/soon']);
    expect(() => keyspace.get('/later')).toThrow('Key not found');
    const before = opened.disk.state.store.save();
    await opened.close();
    now = 0;
    await using again = await openData(folder, {}, clock);
    expect(again.disk.state.store.save()).toEqual(before);
  });

  test('F15: ten thousand keys fall due at once, with a directory and what is in it', async () => {
    const folder = scratch();
    const first = await openData(folder);
    const count = 10_000;
    await Promise.all(Array.from({ length: count }, (_, n) => first.keyspace.submit(set(`/${n}`, 'x', 2000))));
    const dir = { value: '', dir: true, expires: 3000, refresh: false };
    await first.keyspace.submit({ action: 'set', path: '/d', write: dir, at: 0 });
    await first.keyspace.submit(set('/d/below', 'x', 2500));
    const { index } = first.keyspace;
    await first.close();
    const clock = new FakeClock();
    await clock.advance(10_000);
    const second = await openData(folder, {}, clock);
    await second.keyspace.submit({ action: 'sync', at: clock.now() });
    const events = Array.from({ length: 1000 }, (_, n) => second.keyspace.eventAt(second.keyspace.index - n)!);
    expect(second.keyspace.index).toBe(index + count + 2);
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set(['expire']));
    expect(events.slice(0, 3).map(({ node }) => node.key)).toEqual(['/d', '/d/below', `/${count - 1}`]);
    expect(second.disk.state.store.save().nodes.names).toEqual([]);
    const before = picture(second);
    await second.close();
    await using third = await openData(folder, {}, clock);
    expect(picture(third)).toEqual(before);
  });

  test('F16: the last thousand events are still there, older ones are cleared', async () => {
    const folder = scratch();
    const first = await openData(folder, { snapshotCount: 500 });
    await fill(first, 1500);
    const { oldestEvent } = first.keyspace;
    await first.close();
    await using second = await openData(folder);
    expect(second.keyspace.oldestEvent).toBe(oldestEvent);
    expect(second.keyspace.eventAt(oldestEvent)?.node.modified).toBe(oldestEvent);
    const watcher = {
      path: '/',
      recursive: true,
      stream: false,
      since: oldestEvent - 1,
      onEvent: () => undefined,
      end: () => undefined,
    };
    expect(() => {
      second.keyspace.watch(watcher);
    }).toThrow(expect.objectContaining({ code: 401 }));
  });
});

describe('snapshots', () => {
  test('F8: one with a flipped bit is set aside, and the next older one and the log give the same state', async () => {
    for (const place of ['first', 'middle', 'last'] as const) {
      const { folder, before } = await filled();
      const newest = filesOf(folder, 'snap').at(-1)!;
      const bytes = readFileSync(newest);
      bytes[place === 'first' ? 3 : place === 'last' ? bytes.length - 10 : bytes.length >> 1]! ^= 4;
      writeFileSync(newest, bytes);
      await using again = await openData(folder);
      expect(picture(again)).toEqual(before);
      expect(again.log.lines).toEqual([expect.stringContaining(`${newest}.broken`)]);
      expect(statSync(`${newest}.broken`).size).toBe(bytes.length);
    }
  });

  test('F2: what a dead process left half written is swept away', async () => {
    const { folder, before } = await filled();
    for (const name of ['META.tmp', 'snap/00.snap.tmp', 'wal/x.wal.tmp']) writeFileSync(join(folder, name), 'half');
    expect(await stateOf(folder)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('F9: newest missing: the one before; all missing: the log alone, while it is whole', async () => {
    const { folder, before } = await filled();
    rmSync(filesOf(folder, 'snap').at(-1)!);
    expect(await stateOf(folder)).toEqual(before);
    for (const path of filesOf(folder, 'snap')) rmSync(path);
    expect(await stateOf(folder)).toEqual(before);
  });

  test('F9: none, and a log that begins later: refused', async () => {
    const folder = scratch();
    const first = await openData(folder, { snapshotCount: 20, segmentBytes: 2000 });
    for (let n = 0; n < 40; n++) {
      await fill(first, 40, n);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(filesOf(folder, 'snap')).toHaveLength(5);
    expect(filesOf(folder, 'wal')[0]).not.toContain('0000000000000001-');
    const before = picture(first);
    await first.close();
    expect(await stateOf(folder)).toEqual(before);
    for (const path of filesOf(folder, 'snap')) rmSync(path);
    await expect(openData(folder)).rejects.toThrow(/the log begins with record \d+, and there is no snapshot/);
  });

  test('a log cut back behind the newest snapshot has lost its end: refused', async () => {
    const { folder } = await filled();
    const [segment] = filesOf(folder, 'wal');
    writeFileSync(segment!, readFileSync(segment!).subarray(0, 64));
    await expect(openData(folder)).rejects.toThrow('its end is lost');
  });
});

describe('F17: what a newer version wrote is refused in one line, and nothing is changed', () => {
  const rows = [
    {
      what: 'META',
      make: (folder: string) => {
        const path = join(folder, 'META');
        const text = readFileSync(path, 'utf8').split('\n')[0]!.replace('"format":1', '"format":2');
        writeFileSync(path, `${text}\ncrc32c ${crcOf(Buffer.from(text)).toString(16).padStart(8, '0')}\n`);
        return path;
      },
    },
    {
      what: 'the newest snapshot',
      make: (folder: string) => {
        const path = filesOf(folder, 'snap').at(-1)!;
        const bytes = readFileSync(path);
        bytes.writeUInt32LE(2, 8);
        bytes.writeUInt32LE(crcOf(bytes.subarray(0, -12)), bytes.length - 12);
        writeFileSync(path, bytes);
        return path;
      },
    },
    {
      what: 'an older snapshot, with a damaged one after it',
      make: (folder: string) => {
        const [older, newest] = filesOf(folder, 'snap').slice(-2) as [string, string];
        writeFileSync(newest, 'no snapshot');
        const bytes = readFileSync(older);
        bytes.writeUInt32LE(2, 8);
        bytes.writeUInt32LE(crcOf(bytes.subarray(0, -12)), bytes.length - 12);
        writeFileSync(older, bytes);
        return older;
      },
      warns: true,
    },
    {
      what: 'a segment',
      make: (folder: string) => {
        const path = filesOf(folder, 'wal').at(-1)!;
        const bytes = readFileSync(path);
        bytes.writeUInt32LE(2, 8);
        bytes.writeUInt32LE(crcOf(bytes.subarray(0, 60)), 60);
        writeFileSync(path, bytes);
        return path;
      },
    },
  ];

  test.each(rows)('$what', async ({ make, warns = false }) => {
    const { folder } = await filled();
    const path = make(folder);
    for (const name of ['META.tmp', 'snap/00.snap.tmp']) writeFileSync(join(folder, name), 'half');
    const before = contents(folder);
    const message = `${path}: written by a newer version of mini-etcd`;
    await expect(openData(folder, { name: 'another' })).rejects.toThrow(new Error(message));
    expect(contents(folder)).toEqual(before);
    if (!warns) await expect(checkDataDirectory(folder)).rejects.toThrow(new Error(message));
    const copy = { from: folder, to: join(scratch(), 'copy'), keepIds: true, truncate: true, now: 0 };
    await expect(copyDataDirectory(copy)).rejects.toThrow(new Error(message));
    expect(contents(folder)).toEqual(before);
  });

  function crcOf(bytes: Buffer): number {
    return crc32c(bytes, 0, bytes.length);
  }

  /** Every file but the locks, with its bytes. */
  function contents(folder: string): Record<string, string> {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('LOCK'))
      .filter((name) => statSync(join(folder, name)).isFile());
    return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
  }
});

test('a torn tail is repaired with a warning, and kept', async () => {
  const { folder } = await filled();
  const [segment] = filesOf(folder, 'wal');
  writeFileSync(segment!, readFileSync(segment!).subarray(0, -3));
  await using again = await openData(folder);
  const [warning] = again.log.lines;
  // Three bytes of a record that was answered: nothing shows that it was, so it must not be denied either.
  expect(warning).toMatch(
    /^WARNING .*\.wal: offset \d+: an unfinished write of \d+ bytes; either a crash interrupted it before a client got an answer, or something else shortened the file later; moved to /,
  );
  const kept = /moved to (\S+\.broken)/.exec(warning!)![1]!;
  expect(statSync(join(folder, 'wal', kept)).size).toBeGreaterThan(0);
  await again.keyspace.submit(set('/after', 'x'));
  expect(again.keyspace.get('/after').value).toBe('x');
});

test('damage in the middle: refused, with what can be done, and nothing is changed', async () => {
  const { folder } = await filled();
  const [segment] = filesOf(folder, 'wal');
  const bytes = readFileSync(segment!);
  bytes[bytes.length - 500]! ^= 1;
  writeFileSync(segment!, bytes);
  for (let i = 0; i < 2; i++) {
    await expect(openData(folder)).rejects.toThrow(
      /offset \d+: .*; nothing was changed; .*mini-etcd check .*backup -truncate-at-corruption/,
    );
  }
  expect(readFileSync(segment!)).toEqual(bytes);
});

describe('F12, F18: a directory that cannot be used says why', () => {
  const isRoot = process.getuid?.() === 0;

  test.each([
    [
      'a file',
      (path: string) => {
        writeFileSync(path, '');
      },
      'it is not a directory',
    ],
    [
      'below a file',
      (path: string) => {
        writeFileSync(join(path, '..'), '');
      },
      'not a directory',
    ],
    [
      'a link to nothing',
      (path: string) => {
        symlinkSync('nowhere/at/all', path);
      },
      '',
    ],
    ['of etcd 3', (path: string) => mkdirSync(join(path, 'member'), { recursive: true }), 'belongs to an etcd 2 or 3'],
    [
      'of etcd 0.4',
      (path: string) => {
        mkdirSync(path);
        for (const name of ['log', 'conf']) writeFileSync(join(path, name), '');
      },
      'belongs to an etcd 0.4',
    ],
    [
      'with a META that was changed',
      (path: string) => {
        mkdirSync(path);
        writeFileSync(join(path, 'META'), '{"format":1}\ncrc32c 00000000\n');
      },
      'META: the checksum is wrong',
    ],
  ])('%s', async (what, make, message) => {
    const above = scratch();
    if (what === 'below a file') rmSync(above, { recursive: true });
    const path = join(above, 'data');
    make(path);
    await expect(openData(path)).rejects.toThrow(`data`);
    await expect(openData(path)).rejects.toThrow(message);
  });

  test('one that the system denies by saying that it is not there, as /proc does', async () => {
    await expect(openData('/proc/nope/data')).rejects.toThrow('/proc/nope/data: cannot be made: /proc/nope: ');
  });

  (isRoot ? test.skip : test)('one that may not be written to (root may write anywhere)', async () => {
    const folder = scratch();
    chmodSync(folder, 0o500);
    await expect(openData(folder)).rejects.toThrow('permission denied');
  });

  test('a link to a directory is fine', async () => {
    const folder = scratch();
    const link = join(scratch(), 'link');
    symlinkSync(folder, link);
    await using opened = await openData(link);
    expect(opened.keyspace.index).toBe(3);
  });
});

test('F20: ten thousand watchers hear of it, each once, and are gone', async () => {
  await using opened = await openData(scratch());
  const { keyspace } = opened;
  const heard = new Map<string, number>();
  for (let n = 0; n < 10_000; n++) {
    const path = `/${n}`;
    const onEvent = () => void heard.set(path, (heard.get(path) ?? 0) + 1);
    keyspace.watch({ path, recursive: false, stream: false, since: 0, onEvent, end: () => undefined });
  }
  await Promise.all(Array.from({ length: 10_000 }, (_, n) => keyspace.submit(set(`/${n}`, 'x'))));
  await keyspace.submit(set('/0', 'again'));
  expect([heard.size, ...new Set(heard.values()), keyspace.watcherCount]).toEqual([10_000, 1, 0]);
});

test('F9: a log without META is not taken for a new directory', async () => {
  const { folder } = await filled();
  renameSync(join(folder, 'META'), join(folder, 'gone'));
  await expect(openData(folder)).rejects.toThrow('META: the file is missing');
});

/** A file system of its own, which root alone may make. */
function withTmpfs(size: string): string | undefined {
  const folder = scratch();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

test('F10: a full disk refuses changes, answers reads, and takes changes again when there is room', async () => {
  const mount = withTmpfs('4m');
  if (mount === undefined) {
    process.stderr.write('skipped: only root may mount a small file system\n');
    return;
  }
  try {
    const clock = new FakeClock();
    const opened = await openData(join(mount, 'data'), { snapshotCount: 50, segmentBytes: 64 * 1024 }, clock);
    writeFileSync(join(mount, 'ballast'), Buffer.alloc(2 * 1024 * 1024));
    const big = 'x'.repeat(30_000);
    let last = 0;
    const failure = await (async () => {
      for (;;) await opened.keyspace.submit(set(`/k${last}`, big)).then(() => last++);
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 300, about: 'write-ahead log: ENOSPC: no space left on device' });
    expect(opened.keyspace.isReadOnly).toBe(true);
    await expect(opened.keyspace.submit(set('/more', 'x'))).rejects.toMatchObject({ code: 300 });
    expect(opened.keyspace.get(`/k${last - 1}`).value).toBe(big);
    rmSync(join(mount, 'ballast'));
    while (opened.keyspace.isReadOnly) {
      await clock.advance(2000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await opened.keyspace.submit(set('/again', 'x'));
    const before = opened.disk.state.store.save();
    await opened.close();
    const again = await openData(join(mount, 'data'));
    expect(again.disk.state.store.save()).toEqual(before);
    await again.close();
    expect(opened.log.lines.filter((line) => !line.includes('snapshot not written'))).toEqual([
      expect.stringContaining('changes are refused until there is room'),
      'INFO the disk has room again: changes are accepted',
    ]);
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});
