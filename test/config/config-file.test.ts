import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readConfigFile } from '../../src/config/config-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'confd-file-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});
writeFileSync(join(dir, 'bytes'), Buffer.from([0, 0xff, 10]));

test.each([
  ['none', 'ENOENT', `open ${dir}/none: no such file or directory`],
  ['.', 'EISDIR', `read ${dir}: is a directory`],
  ['bytes/x', 'ENOTDIR', `open ${dir}/bytes/x: not a directory`],
])('%s', async (name, code, message) => {
  const file = join(dir, name);
  await expect(readConfigFile(file)).rejects.toMatchObject({ name: 'ConfigError', message, file, cause: { code } });
});

test('bytes as they are', async () => {
  expect([...(await readConfigFile(join(dir, 'bytes')))]).toEqual([0, 0xff, 10]);
});
