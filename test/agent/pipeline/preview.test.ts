import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compare } from '../../../src/agent/pipeline/compare.ts';
import { preview } from '../../../src/agent/pipeline/preview.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { commandOf, renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

const uid = process.geteuid!();
const gid = process.getegid!();
const commands = { check: commandOf('check_cmd', 'true'), reload: commandOf('reload_cmd', 'true') };

const rows: readonly (readonly [string | null, number, string, Partial<Resource>, string])[] = [
  [null, 0, 'a\nb\n', {}, `would be made: 4 bytes, mode -rw-r--r--, owner ${uid}, group ${gid}`],
  [
    null,
    0,
    '',
    commands,
    `would be made: 0 bytes, mode -rw-r--r--, owner ${uid}, group ${gid}; check_cmd and reload_cmd would run`,
  ],
  ['same', 0o644, 'same', commands, 'would stay as it is'],
  ['a\nb\n', 0o644, 'a\nc\nd\n', {}, 'would change: content from 4 bytes to 6 bytes (2 lines added, 1 removed)'],
  ['a\nb', 0o644, 'a\nb\n', {}, 'would change: content from 3 bytes to 4 bytes (1 line added, 1 removed)'],
  [
    'x',
    0o644,
    '',
    { reload: commands.reload },
    'would change: content from 1 byte to 0 bytes (0 lines added, 1 removed); reload_cmd would run',
  ],
  ['same', 0o600, 'same', {}, 'would change: mode from -rw------- to -rw-r--r--'],
  ['same', 0o4755, 'same', { mode: 0o755 }, 'would change: mode from urwxr-xr-x to -rwxr-xr-x'],
  [
    'same',
    0o644,
    'same',
    { uid: uid + 1, gid: gid + 2 },
    `would change: owner from ${uid} to ${uid + 1}, group from ${gid} to ${gid + 2}`,
  ],
  [
    's3cret\n',
    0o600,
    's4cret\n',
    {},
    'would change: content from 7 bytes to 7 bytes (1 line added, 1 removed), mode from -rw------- to -rw-r--r--',
  ],
];
test.each(rows)('%j with mode %o → %j', async (before, mode, after, parts, line) => {
  using folder = scratch();
  const dest = join(folder.path, 'out');
  if (before !== null) {
    writeFileSync(dest, before);
    chmodSync(dest, mode);
  }
  const resource = resourceOf(dest, parts);
  const rendering = renderingOf(after);
  expect(await preview(rendering, resource, await compare(rendering, resource))).toBe(`${dest} ${line}`);
});

test('of what is very large the sizes alone', async () => {
  using folder = scratch();
  const dest = join(folder.path, 'out');
  writeFileSync(dest, Buffer.alloc(17 * 1024 * 1024), { mode: 0o644 });
  const rendering = renderingOf('x');
  const line = await preview(rendering, resourceOf(dest), await compare(rendering, resourceOf(dest)));
  expect(line).toBe(`${dest} would change: content from 17825792 bytes to 1 byte`);
});
