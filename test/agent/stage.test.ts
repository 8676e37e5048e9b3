import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { discard, removeStale, stage, stageToKeep } from '../../src/agent/stage.ts';
import { isRoot, renderingOf, resourceOf, scratch } from '../helpers/rooms.ts';

const mine = { mode: 0o640, uid: process.geteuid!(), gid: process.getegid!() };

describe('what goes wrong leaves nothing behind', () => {
  test('no folder', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'sub/out');
    const pattern = new RegExp(`^open ${folder.path}/sub/\\.out\\S+: no such file or directory$`);
    await expect(stage(renderingOf('x'), resourceOf(dest), mine)).rejects.toThrow(pattern);
  });

  test('a file where the folder should be', async () => {
    using folder = scratch();
    writeFileSync(join(folder.path, 'sub'), '');
    const dest = join(folder.path, 'sub/out');
    await expect(stage(renderingOf('x'), resourceOf(dest), mine)).rejects.toThrow(/: not a directory$/);
  });

  (isRoot ? test.skip : test)('no permission for the folder (root needs none)', async () => {
    using folder = scratch();
    mkdirSync(join(folder.path, 'sub'), { mode: 0o500 });
    const dest = join(folder.path, 'sub/out');
    await expect(stage(renderingOf('x'), resourceOf(dest), mine)).rejects.toThrow(/^open .*: permission denied$/);
  });

  (isRoot ? test.skip : test)('an owner that only root can give', async () => {
    using folder = scratch();
    const wished = { ...mine, uid: mine.uid + 1 };
    const staging = stage(renderingOf('x'), resourceOf(join(folder.path, 'out')), wished);
    await expect(staging).rejects.toThrow(/^chown .*\/\.out\S+: operation not permitted$/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('a full disk (where a small tmpfs can be mounted)', async () => {
    using folder = scratch();
    if (!mounted(['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.path])) return;
    try {
      const dest = join(folder.path, 'out');
      const staging = stage(renderingOf('x'.repeat(300_000)), resourceOf(dest), mine);
      await expect(staging).rejects.toThrow(/^write .*: no space left on device$/);
      expect(readdirSync(folder.path)).toEqual([]);
    } finally {
      execFileSync('umount', [folder.path]);
    }
  });
});

describe('a stage file', () => {
  test('holds the bytes, has the mode, and is beside dest under a hidden name', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out.conf');
    const bytes = { ...renderingOf(''), chunks: [Buffer.from([0, 255, 13]), Buffer.from('é\n')] };
    const path = await stage(bytes, resourceOf(dest), mine);
    expect(path.startsWith(`${folder.path}/.out.conf`)).toBe(true);
    expect(readFileSync(path)).toEqual(Buffer.from([0, 255, 13, 0xc3, 0xa9, 10]));
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(existsSync(dest)).toBe(false);
    await discard(path);
    await discard(path);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('may be empty', async () => {
    using folder = scratch();
    const path = await stage({ ...renderingOf(''), chunks: [] }, resourceOf(join(folder.path, 'out')), mine);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  (isRoot ? test : test.skip)('gets its owner (root only)', async () => {
    using folder = scratch();
    const wished = { mode: 0o604, uid: 12, gid: 34 };
    const path = await stage(renderingOf('x'), resourceOf(join(folder.path, 'out')), wished);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o7777]).toEqual([12, 34, 0o604]);
  });

  test.each(['x'.repeat(255), 'é'.repeat(120), '😀'.repeat(60)])('fits in a file name: %.12s…', async (name) => {
    using folder = scratch();
    const path = await stage(renderingOf('x'), resourceOf(join(folder.path, name)), mine);
    expect(existsSync(path)).toBe(true);
    await discard(path);
  });

  test('to keep has the name that confd gives', async () => {
    using folder = scratch();
    const path = await stageToKeep(renderingOf('x'), resourceOf(join(folder.path, 'out')), mine);
    expect(basename(path)).toMatch(/^\.out[0-9]+$/);
  });
});

describe('stage files of dead runs', () => {
  /** The name that a stage file of this process has, with parts of it replaced. */
  async function nameLike(folder: string, replace: (name: string) => string): Promise<string> {
    const path = await stage(renderingOf('x'), resourceOf(join(folder, 'out')), mine);
    await discard(path);
    return join(folder, replace(basename(path)));
  }

  const now = 1_800_000_000_000;
  const hour = 3_600_000;
  const dead = async () => {
    const child = spawn('true');
    await once(child, 'exit');
    return String(child.pid);
  };
  const other = (name: string) => name.replace(/confd-[0-9a-f]{8}/, 'confd-00000000');

  const rows: readonly (readonly [string, (name: string, pid: string) => string, number, boolean])[] = [
    ['of this very process', (name) => name, 48 * hour, false],
    [
      'of a live process',
      (name) => name.replace(/-[0-9]+-[0-9]+-/, `-${process.ppid}-${startOf(process.ppid)}-`),
      0,
      false,
    ],
    ['of another dest', (name, pid) => name.replace('.out.', '.outer.').replace(/-[0-9]+-/, `-${pid}-`), 0, false],
    ['that confd could have made', () => '.out2816319906', 48 * hour, false],
    ['that anybody could have made', () => '.out.confd-1', 48 * hour, false],
    ['of another host, lately', other, hour, false],
    ['of another host, two days ago', other, 48 * hour, true],
    ['of a process that is gone', (name, pid) => name.replace(/-[0-9]+-/, `-${pid}-`), 0, true],
    ['of a process whose pid is used again', (name) => name.replace(/(-[0-9]+-)[0-9]+-/, '$11-'), 0, true],
  ];

  test.each(rows)('%s', async (_name, replace, age, gone) => {
    using folder = scratch();
    const pid = await dead();
    const path = await nameLike(folder.path, (name) => replace(name, pid));
    writeFileSync(path, 'half of i');
    utimesSync(path, (now - age) / 1000, (now - age) / 1000);
    const removed = await removeStale([join(folder.path, 'out'), '/no/such/folder/x'], now);
    expect(removed).toEqual(gone ? [path] : []);
    expect(existsSync(path)).toBe(!gone);
  });
});

function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
}

function mounted(args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
