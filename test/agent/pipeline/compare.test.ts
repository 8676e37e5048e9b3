import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../src/agent/pipeline/compare.ts';
import { isRoot, md5, renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

const uid = process.geteuid!();
const gid = process.getegid!();
const content = (old: string, text: string) => `md5sum ${md5(old)} should be ${md5(text)}`;

const rows: readonly (readonly [string, string, number, Parameters<typeof resourceOf>[1], readonly string[]])[] = [
  ['other content', 'old', 0o644, {}, [content('old', 'new')]],
  ['other content of the same size', 'wen', 0o644, {}, [content('wen', 'new')]],
  ['longer by one byte', 'new\n', 0o644, {}, [content('new\n', 'new')]],
  ['empty', '', 0o644, {}, [content('', 'new')]],
  ['other mode', 'new', 0o600, {}, ['mode -rw------- should be -rw-r--r--']],
  ['setuid', 'new', 0o4755, { mode: 0o755 }, ['mode urwxr-xr-x should be -rwxr-xr-x']],
  ['setuid and no mode asked for', 'new', 0o4755, { mode: null }, ['mode urwxr-xr-x should be -rwxr-xr-x']],
  ['other owner', 'new', 0o644, { uid: uid + 1 }, [`UID ${uid} should be ${uid + 1}`]],
  ['other group', 'new', 0o644, { gid: gid + 1 }, [`GID ${gid} should be ${gid + 1}`]],
  [
    'all of it, in confd’s order',
    'old',
    0o600,
    { uid: uid + 1, gid: gid + 2 },
    [
      `UID ${uid} should be ${uid + 1}`,
      `GID ${gid} should be ${gid + 2}`,
      'mode -rw------- should be -rw-r--r--',
      content('old', 'new'),
    ],
  ],
];

describe('what differs', () => {
  test.each(rows)('%s', async (_name, old, mode, wishes, lines) => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, old);
    chmodSync(dest, mode);
    const difference = await compare(renderingOf('new'), resourceOf(dest, wishes));
    expect(difference).toMatchObject({ changed: true, problem: null });
    expect(difference.lines).toEqual(lines.map((line) => `${dest} has ${line}`));
    expect(readdirSync(folder.path)).toEqual(['out']);
  });

  test('absent: changed, and nothing to say about it', async () => {
    using folder = scratch();
    const resource = resourceOf(join(folder.path, 'out'), { mode: null });
    expect(await compare(renderingOf('new'), resource)).toEqual({
      changed: true,
      lines: [],
      problem: null,
      wished: { mode: 0o644, uid, gid },
      present: null,
    });
  });

  test('a dangling link counts as absent', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    symlinkSync('/nowhere/at/all', dest);
    expect(await compare(renderingOf('new'), resourceOf(dest))).toMatchObject({
      changed: true,
      lines: [],
      problem: null,
    });
  });

  test.each([
    ['a directory', 'mkdir "$1"'],
    ['a named pipe', 'mkfifo "$1"'],
    [
      'a socket',
      `exec "$0" -e 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))' "$1"`,
    ],
    ['a device', 'mknod "$1" c 1 3'],
  ])('%s is no dest', async (kind, command) => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    spawnSync('sh', ['-c', command, process.execPath, dest]);
    if (!existsSync(dest)) return; // not everybody can make a device
    await expect(compare(renderingOf('new'), resourceOf(dest))).rejects.toMatchObject({
      name: 'AgentError',
      message: `dest ${dest} is ${kind}, and not a file`,
    });
    // A link to it is replaced by a file.
    symlinkSync(dest, `${dest}.link`);
    expect(await compare(renderingOf('new'), resourceOf(`${dest}.link`))).toMatchObject({ changed: true });
  });

  test('a link that leads in a circle is a problem and counts as changed', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    symlinkSync(dest, dest);
    const { changed, problem } = await compare(renderingOf('new'), resourceOf(dest));
    expect(changed).toBe(true);
    expect(problem?.message).toBe(`open ${dest}: too many levels of symbolic links`);
  });

  (isRoot ? test.skip : test)('unreadable (not for root, who reads everything)', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0 });
    const { changed, problem } = await compare(renderingOf('new'), resourceOf(dest));
    expect(changed).toBe(true);
    expect(problem?.message).toBe(`open ${dest}: permission denied`);
  });
});

describe('in sync', () => {
  test.each([
    ['as wished', 0o644, 0o644],
    ['no mode asked for: the present one is kept', 0o640, null],
  ] as const)('%s', async (_name, mode, asked) => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new');
    chmodSync(dest, mode);
    expect(await compare(renderingOf('new'), resourceOf(dest, { mode: asked }))).toEqual({
      changed: false,
      lines: [],
      problem: null,
      wished: { mode, uid, gid },
      present: expect.objectContaining({ md5: md5('new') }),
    });
  });

  test('through a link', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(`${dest}.real`, 'new', { mode: 0o644 });
    symlinkSync('out.real', dest);
    expect(await compare(renderingOf('new'), resourceOf(dest))).toMatchObject({ changed: false });
  });

  test('larger than the reading buffer', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const text = 'x'.repeat(1_000_003);
    writeFileSync(dest, text, { mode: 0o644 });
    expect(await compare(renderingOf(text), resourceOf(dest))).toMatchObject({ changed: false });
  });
});
