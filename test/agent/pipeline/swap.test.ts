import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stage } from '../../../src/agent/pipeline/stage.ts';
import { removeStale } from '../../../src/agent/pipeline/stage-files.ts';
import { type Staged, swap } from '../../../src/agent/pipeline/swap.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { md5, renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

const attributes = { mode: 0o640, uid: process.geteuid!(), gid: process.getegid!() };

async function staged(resource: Resource, text: string): Promise<Staged> {
  const rendering = renderingOf(text);
  return { path: await stage(rendering, resource, attributes), rendering, attributes };
}

describe('what goes wrong', () => {
  test.each([
    ['an empty directory', []],
    ['a directory with something in it', ['x']],
  ])('dest is %s', async (_name, entries) => {
    using folder = scratch();
    const resource = resourceOf(join(folder.path, 'out'));
    mkdirSync(resource.dest);
    for (const entry of entries) writeFileSync(join(resource.dest, entry), '');
    const file = await staged(resource, 'new');
    await expect(swap(file, resource, memoryLog())).rejects.toMatchObject({
      message: `rename ${file.path} ${resource.dest}: file exists`,
      touched: false,
    });
  });

  test('the stage file is gone', async () => {
    using folder = scratch();
    const resource = resourceOf(join(folder.path, 'out'));
    const file = { path: join(folder.path, '.out1'), rendering: renderingOf('new'), attributes };
    await expect(swap(file, resource, memoryLog())).rejects.toThrow(
      `rename ${file.path} ${resource.dest}: no such file or directory`,
    );
  });
});

describe('a swap', () => {
  test('puts content, mode and owner in place and leaves nothing else', async () => {
    using folder = scratch();
    const resource = resourceOf(join(folder.path, 'out'));
    writeFileSync(resource.dest, 'old');
    const log = memoryLog();
    await swap(await staged(resource, 'new'), resource, log);
    expect(readFileSync(resource.dest, 'utf8')).toBe('new');
    expect(statSync(resource.dest).mode & 0o7777).toBe(0o640);
    expect(readdirSync(folder.path)).toEqual(['out']);
    expect(log.lines).toEqual([`DEBUG Overwriting target config ${resource.dest}`]);
  });

  test('replaces a link by a file, and breaks hard links', async () => {
    using folder = scratch();
    const resource = resourceOf(join(folder.path, 'out'));
    writeFileSync(`${resource.dest}.real`, 'old');
    symlinkSync('out.real', resource.dest);
    await swap(await staged(resource, 'new'), resource, memoryLog());
    expect(lstatSync(resource.dest).isSymbolicLink()).toBe(false);
    expect(readFileSync(`${resource.dest}.real`, 'utf8')).toBe('old');
    linkSync(resource.dest, `${resource.dest}.twin`);
    await swap(await staged(resource, 'newer'), resource, memoryLog());
    expect(readFileSync(`${resource.dest}.twin`, 'utf8')).toBe('new');
  });
});

describe('dest is a mount point (where bind mounts are allowed)', () => {
  function bind(folder: string): string | null {
    const dest = join(folder, 'out');
    writeFileSync(`${dest}.outer`, 'a longer old text');
    chmodSync(`${dest}.outer`, 0o600);
    writeFileSync(dest, '');
    try {
      execFileSync('mount', ['--bind', `${dest}.outer`, dest], { stdio: 'ignore' });
      return dest;
    } catch {
      return null;
    }
  }

  test('is written in place, with its mode, and said once', async () => {
    using folder = scratch();
    const dest = bind(folder.path);
    if (dest === null) return;
    try {
      const resource = resourceOf(dest);
      const log = memoryLog();
      for (const text of ['new', 'newer']) {
        const file = await staged(resource, text);
        await swap(file, resource, log);
        expect(readFileSync(`${dest}.outer`, 'utf8')).toBe(text);
        expect(statSync(dest).mode & 0o7777).toBe(0o640);
        execFileSync('rm', [file.path]);
      }
      expect(log.lines.filter((line) => line.startsWith('INFO'))).toEqual([
        `INFO ${dest} is likely a mount (EBUSY): it is written in place, and readers may see it half-written`,
      ]);
    } finally {
      execFileSync('umount', [dest]);
    }
  });

  test('and mounted read-only: nothing is touched', async () => {
    using folder = scratch();
    const dest = bind(folder.path);
    if (dest === null) return;
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', dest]);
      const resource = resourceOf(dest);
      const swapping = swap(await staged(resource, 'new'), resource, memoryLog());
      await expect(swapping).rejects.toMatchObject({ message: `open ${dest}: read-only file system`, touched: false });
      expect(readFileSync(dest, 'utf8')).toBe('a longer old text');
    } finally {
      execFileSync('umount', [dest]);
    }
  });

  test('and full: the error says that dest may be damaged', async () => {
    using folder = scratch();
    const small = join(folder.path, 'small');
    mkdirSync(small);
    const dest = join(folder.path, 'out');
    writeFileSync(dest, '');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      return;
    }
    try {
      writeFileSync(join(small, 'outer'), 'old');
      execFileSync('mount', ['--bind', join(small, 'outer'), dest]);
      const resource = resourceOf(dest);
      const swapping = swap(await staged(resource, 'x'.repeat(300_000)), resource, memoryLog());
      await expect(swapping).rejects.toMatchObject({
        message: `write ${dest}: no space left on device`,
        touched: true,
      });
    } finally {
      execFileSync('umount', [dest]);
      execFileSync('umount', [small]);
    }
  });
});

test('killed at any moment, dest is whole and the next run finds nothing left', async () => {
  using folder = scratch();
  const seed = (Date.now() % 1_000_000) + 1;
  console.log(`seed ${seed}`); // eslint-disable-line no-console
  let state = seed;
  const random = (n: number) => (state = (state * 48_271) % 2_147_483_647) % n;
  const root = join(import.meta.dirname, '../../..');
  const program = join(folder.path, 'loop.mjs');
  const esbuild = join(root, 'node_modules/esbuild/bin/esbuild');
  const entry = join(root, 'test/helpers/swap-loop.ts');
  execFileSync(esbuild, [
    entry,
    '--bundle',
    '--platform=node',
    '--format=esm',
    `--outfile=${program}`,
    // What is bundled and still CommonJS asks for Node's own modules by require.
    "--banner:js=import { createRequire as from } from 'node:module'; const require = from(import.meta.url);",
    '--log-level=error',
  ]);
  const dest = join(folder.path, 'etc/out');
  mkdirSync(join(folder.path, 'etc'));
  let leftovers = 0;
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [program, dest], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(await Promise.race([once(child.stdout, 'data').then(() => 'begun'), once(child, 'exit')])).toBe('begun');
    const until = Date.now() + random(60);
    do expectWhole(dest);
    while (Date.now() < until);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expectWhole(dest);
    leftovers += readdirSync(join(folder.path, 'etc')).length - 1;
    await removeStale([dest], Date.now());
    expect(readdirSync(join(folder.path, 'etc'))).toEqual(['out']);
  }
  expect(leftovers).toBeLessThanOrEqual(12);
  expect(existsSync(dest)).toBe(true);
});

function expectWhole(dest: string): void {
  const text = readFileSync(dest, 'utf8');
  const end = text.indexOf('\n');
  if (md5(text.slice(end + 1)) !== text.slice(0, end)) throw new Error(`half-written: ${text.length} bytes`);
}
