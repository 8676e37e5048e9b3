import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { destProblems, mountPoints, parseMounts } from '../../src/lint/dests.ts';

test.each([
  ['', []],
  ['nonsense\n', []],
  [
    '36 35 98:0 / /mnt/a rw - ext3 /dev/root rw\n37 35 98:0 /x /mnt/a\\040b\\134c\\011d rw - t s\n',
    ['/mnt/a', '/mnt/a b\\c\td'],
  ],
])('mount points of %j', (mountinfo, expected) => {
  expect([...parseMounts(mountinfo)]).toEqual(expected);
});

test('those of this machine', async () => {
  expect(await mountPoints()).toContain('/proc');
});

test('a dest that is one, and one beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lint-dests-'));
  writeFileSync(join(folder, 'a'), '');
  const codes = async (name: string) => {
    const found = await destProblems(join(folder, name), '/etc/confd', new Set([join(folder, 'a')]));
    return found.map(({ code }) => code).filter((code) => code !== 'dest-no-permission');
  };
  expect([
    await codes('a'),
    await codes('../' + folder.slice(folder.lastIndexOf('/') + 1) + '/a'),
    await codes('b'),
  ]).toEqual([['dest-is-mount'], ['dest-is-mount'], []]);
  rmSync(folder, { recursive: true });
});
