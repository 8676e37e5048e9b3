import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { discard, stage, stageToKeep } from '../../../src/agent/pipeline/stage.ts';
import { isRoot, renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

const mine = { mode: 0o640, uid: process.geteuid!(), gid: process.getegid!() };

describe('what goes wrong leaves nothing behind', () => {
  test('no folder', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'sub/out');
    const message = `dest ${dest}: its directory ${folder.path}/sub does not exist`;
    await expect(stage(renderingOf('x'), resourceOf(dest), mine)).rejects.toThrow(message);
  });

  test('a file where the folder should be', async () => {
    using folder = scratch();
    writeFileSync(join(folder.path, 'sub'), '');
    const dest = join(folder.path, 'sub/out');
    await expect(stage(renderingOf('x'), resourceOf(dest), mine)).rejects.toThrow(
      /^dest \S+: \S+\/sub is not a directory$/,
    );
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

function mounted(args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
