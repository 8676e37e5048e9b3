import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { crc32c } from '../../../../src/minietcd/storage/wal/crc.ts';
import { readLog, type LogEnd } from '../../../../src/minietcd/storage/wal/log-reader.ts';
import { encodeSegmentHeader, listSegments, segmentName } from '../../../../src/minietcd/storage/wal/segment.ts';
import { Wal } from '../../../../src/minietcd/storage/wal/wal.ts';
import { scratch } from '../../../helpers/disk.ts';

const clusterId = 'abc';
const header = { seq: 1, firstIndex: 5, clusterId, chain: 0 };
const name = segmentName(header);

function read(folder: string): { end: LogEnd; texts: string[] } {
  const texts: string[] = [];
  const take = ({ payload }: { payload: Uint8Array }) => void texts.push(Buffer.from(payload).toString('latin1'));
  return { end: readLog(listSegments(folder), { clusterId, take }), texts };
}

/** Writes batches into a new log; where each begins, and the file. */
async function write(
  batches: readonly (readonly string[])[],
): Promise<{ folder: string; path: string; ends: number[] }> {
  const folder = scratch();
  const path = join(folder, name);
  writeFileSync(path, encodeSegmentHeader(header));
  const wal = new Wal(folder, clusterId, read(folder).end);
  const ends = [statSync(path).size];
  for (const batch of batches) {
    await wal.append(batch.map((text) => ({ type: 1, payload: Buffer.from(text, 'latin1') })));
    ends.push(ends[0]! + wal.bytesWritten);
  }
  wal.close();
  return { folder, path, ends };
}

/** What reading says of a log whose bytes were changed: the texts, or the refusal. */
function outcome(folder: string, bytes: Buffer): { texts?: string[]; end?: LogEnd; error?: string } {
  writeFileSync(join(folder, name), bytes);
  try {
    return read(folder);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const texts = ['one', 'the second', 'x'.repeat(700)];
let log: Awaited<ReturnType<typeof write>>;
let whole: Buffer;

beforeAll(async () => {
  log = await write(texts.map((text) => [text]));
  whole = readFileSync(log.path);
});

describe('an unfinished write at the end', () => {
  test('F4: the file cut at every byte of the last two records', () => {
    for (let size = log.ends[1]!; size < whole.length; size++) {
      const { texts: left, end, error } = outcome(log.folder, whole.subarray(0, size));
      expect(error).toBeUndefined();
      const kept = log.ends.filter((at) => at <= size).length - 1;
      expect(left).toEqual(texts.slice(0, kept));
      expect(end).toMatchObject({ offset: log.ends[kept], tornBytes: size - log.ends[kept]! });
      if (size > log.ends[kept]!) expect(end!.torn).toMatch(/^an unfinished write of \d+ bytes?; either a crash/);
      else expect(end!.torn).toBe('');
    }
  });

  test('F5: zeros from every sector on', async () => {
    const long = await write(Array.from({ length: 60 }, (_, i) => [`value ${i} `.repeat(1 + (i % 5))]));
    const bytes = readFileSync(long.path);
    for (let at = 512; at < bytes.length; at += 512) {
      const { end, error } = outcome(
        long.folder,
        Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]),
      );
      expect(error).toBeUndefined();
      const kept = long.ends.filter((x) => x <= at).length - 1;
      expect(end!.lastIndex).toBe(4 + kept);
    }
  });

  test('a hole in the last batch takes the batch, a hole before a later batch is damage', async () => {
    const batch = (word: string) => Array.from({ length: 40 }, (_, i) => `${word} ${i} `.repeat(4));
    const holes = await write([['first'], batch('second')]);
    const bytes = readFileSync(holes.path);
    bytes.fill(0, 1024, 1536);
    const { end } = outcome(holes.folder, bytes);
    expect(end!.lastIndex).toBeGreaterThanOrEqual(5);
    expect(end!.torn).toMatch(
      /^an unfinished write of \d+ bytes; no client got an answer for it, unless the disk lost/,
    );
    const later = await write([['first'], batch('second'), ['third']]);
    const more = readFileSync(later.path);
    more.fill(0, 1024, 1536);
    expect(outcome(later.folder, more).error).toMatch(/offset \d+: .*the last good record has index \d+$/);
  });
});

describe('damage', () => {
  test('F7: any bit flipped anywhere is refused, with file and offset', () => {
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1 << (at % 8);
      const { error, texts: left } = outcome(log.folder, bytes);
      expect({ at, left }).toEqual({ at, left: undefined });
      expect(error).toContain(`${log.path}: offset `);
    }
  });

  test.each([
    ['0xff', Buffer.alloc(100, 0xff)],
    ['noise', Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 167 + 13) % 256))],
    ['a length of 4 GB', Buffer.from('fffffff0010000000600000000000000deadbeef'.repeat(3), 'hex')],
  ])('F6: %s after the last record', (_what, garbage) => {
    expect(outcome(log.folder, Buffer.concat([whole, garbage])).error).toContain(`offset ${whole.length}: `);
  });

  test('F17: a newer format', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(2, 8);
    bytes.writeUInt32LE(crc32c(bytes, 0, 60), 60);
    expect(outcome(log.folder, bytes).error).toBe(`${log.path}: written by a newer version of mini-etcd`);
  });

  test.each([
    ['emptied', Buffer.alloc(0)],
    ['of another kind', Buffer.alloc(100, 'x')],
  ])('a file that was %s', (_what, bytes) => {
    expect(outcome(log.folder, bytes).error).toContain(`${log.path}: offset 0: `);
  });
});

describe('segments', () => {
  /** A log of several segments of a few records each. */
  async function several(): Promise<string[]> {
    const folder = scratch();
    writeFileSync(join(folder, name), encodeSegmentHeader(header));
    const wal = new Wal(folder, clusterId, read(folder).end, 256);
    for (let i = 0; i < 30; i++) await wal.append([{ type: 1, payload: Buffer.from(`value ${i}`) }]);
    wal.close();
    expect(read(folder).end.lastIndex).toBe(34);
    return listSegments(folder).map(({ path }) => path);
  }
  const folderOf = (paths: readonly string[]) => join(paths[0]!, '..');

  test('F9: one in the middle missing', async () => {
    const paths = await several();
    rmSync(paths[2]!);
    expect(() => read(folderOf(paths))).toThrow('segment 0000000000000003 is missing');
  });

  test('F9: two swapped', async () => {
    const paths = await several();
    const kept = readFileSync(paths[1]!);
    copyFileSync(paths[2]!, paths[1]!);
    writeFileSync(paths[2]!, kept);
    expect(() => read(folderOf(paths))).toThrow('the file was renamed');
  });

  test('F9: one of another log', async () => {
    const [ours, theirs] = [await several(), await several()];
    writeFileSync(ours[1]!, Buffer.concat([readFileSync(theirs[1]!).subarray(0, 200), Buffer.alloc(8, 7)]));
    expect(() => read(folderOf(ours))).toThrow(ours[1]);
    writeFileSync(theirs[3]!, encodeSegmentHeader({ seq: 4, firstIndex: 17, clusterId: 'dead', chain: 1 }));
    expect(() => read(folderOf(theirs))).toThrow();
  });

  test('a finished segment that is cut short is damage, not a torn tail', async () => {
    const paths = await several();
    writeFileSync(paths[1]!, readFileSync(paths[1]!).subarray(0, -8));
    expect(() => read(folderOf(paths))).toThrow(`${paths[1]}: offset `);
  });

  test('those that hold nothing new are released', async () => {
    const paths = await several();
    const folder = folderOf(paths);
    const wal = new Wal(folder, clusterId, read(folder).end);
    const [, second, third] = listSegments(folder);
    await wal.release(third!.firstIndex - 2);
    expect(listSegments(folder)[0]!.path).toBe(second!.path);
    await wal.release(third!.firstIndex - 1);
    expect(listSegments(folder)[0]!.path).toBe(third!.path);
    wal.close();
  });
});
