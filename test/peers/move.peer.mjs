// The way from mini-etcd to a real etcd, and back: docs/move-to-etcd.md.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from './support/confd.mjs';
import { ask, startEtcd } from './support/etcd.mjs';
import { startMini } from './support/mini.mjs';
import { endPrograms, run, scratch } from './support/process.mjs';

after(endPrograms);

const tree = async ({ url }) => {
  const { body } = await ask('GET', `${url}/v2/keys/?recursive=true&sorted=true`);
  return body
    .replace(/,"(created|modified)Index":\d+/g, '')
    .replace(/"expiration":"[^"]*"/g, '"expiration":"#"')
    .replace(/"ttl":(\d+)/g, (_, n) => `"ttl":${Math.round(n / 20)}`);
};

test('everything moves from mini-etcd to etcd, and into another mini-etcd', { timeout: 300_000 }, async () => {
  const from = await startMini();
  const real = await startEtcd();
  const put = (key, form, method = 'PUT') => ask(method, `${from.url}/v2/keys${key}`, { form });
  for (let n = 0; n < 100; n++) await put(`/many/${n % 10}/${n}`, `value=${n}`);
  await put('/odd/%C3%A9%20%2B%3C', 'value=%3C%26%22%0A%F0%9F%98%80');
  await put('/empty', 'dir=true');
  await put('/mortal/key', 'value=1&ttl=500');
  await put('/mortal?prevExist=true', 'ttl=700');
  for (const value of ['z', 'y', 'x']) await put('/queue', `value=${value}`, 'POST');
  const file = join(scratch('move'), 'keys.json');
  const command = (...words) => run(join(root, 'bin/mini-etcd'), words);
  const exported = await command('export', '-url', from.url, '-file', file);
  assert.equal(exported.code, 0, exported.output);
  const other = await startMini();
  for (const store of [real, other]) {
    const imported = await command('import', '-url', store.url, '-file', file);
    assert.equal(imported.code, 0, imported.output);
    assert.equal(await tree(store), await tree(from));
  }
  const back = await command('export', '-url', real.url, '-file', `${file}.back`);
  assert.equal(back.code, 0, back.output);
  await real.stop();
});
