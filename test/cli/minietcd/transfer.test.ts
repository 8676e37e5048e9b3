import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { transfer } from '../../../src/cli/minietcd/transfer.ts';
import { serve, type Served } from '../../helpers/mini-etcd.ts';

const urlOf = ({ host, port }: Served) => `http://${host}:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'transfer-'));

test('keys, order, directories and TTLs move from one server to another', async () => {
  await using from = await serve();
  await using to = await serve();
  for (const line of [
    'PUT /z%20%C3%A9%2B value=%3C%26%22%0A%E6%97%A5',
    'PUT /ttl value=1&ttl=500',
    'PUT /d/e/f value=deep',
    'PUT /d/empty dir=true',
    'PUT /dying/k value=1',
    'PUT /dying?prevExist=true ttl=300',
    'POST /q value=first',
    'POST /q value=second',
    'PUT /a value=last',
    'PUT /d/_hidden value=x',
  ]) {
    expect((await from.ask(line)).status).toMatch(/^20/);
  }
  const file = join(folder, 'dump.json');
  expect(await transfer('export', ['-url', urlOf(from), '-file', file])).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (let round = 0; round < 2; round++) expect(await transfer('import', ['-url', urlOf(to), '-file', file])).toBe(0);
  const tree = async (served: Served) => {
    const { body } = await served.ask('GET /?recursive=true');
    return body
      .replace(/,"(modified|created)Index":\d+/g, '')
      .replace(/"ttl":(\d+)/g, (_, n) => `"ttl":~${Math.round(Number(n) / 10)}`);
  };
  expect(await tree(to)).toBe(await tree(from));
  const again = join(folder, 'again.json');
  await transfer('export', ['-url', urlOf(to), '-file', again]);
  const keys = (path: string) => [...readFileSync(path, 'utf8').matchAll(/"key":"([^"]*)"/g)].map(([, key]) => key);
  expect(keys(again).sort()).toEqual(keys(file).sort());
});

test.each([[['-url', 'nonsense']], [['-url', 'http://127.0.0.1:1']], [['-key', '/nowhere']], [['extra']]])(
  'what cannot be exported is exit 1: %j',
  async (args) => {
    await using served = await serve();
    expect(await transfer('export', [...(args[0] === '-key' ? ['-url', urlOf(served)] : []), ...args])).toBe(1);
  },
);

test('an import that a server refuses says where it stopped', async () => {
  await using served = await serve();
  const file = join(folder, 'clash');
  writeFileSync(file, '/a\tfile\n/a/b\tbelow\n');
  expect(await transfer('import', ['-url', urlOf(served), '-file', file])).toBe(1);
  expect(await transfer('import', ['-url', urlOf(served), '-file', join(folder, 'none')])).toBe(1);
});
