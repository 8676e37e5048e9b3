// Our mini-etcd and a real etcd get the same requests, from curl and etcdctl, and must give the same answers.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confdir, goConfd, resource, root, slurp, startConfd } from './support/confd.mjs';
import { ask, startEtcd } from './support/etcd.mjs';
import { freePort } from '../helpers/port.mjs';
import { endPrograms, run, scratch, sleep, start, waitFor } from './support/process.mjs';

after(endPrograms);

const keys = (path, ...options) => ({ curl: [`/v2/keys${path}`, ...options] });
const put = (path, ...fields) => keys(path, '-X', 'PUT', ...fields.flatMap((field) => ['-d', field]));
const remove = (path) => keys(path, '-X', 'DELETE');
const etcdctl = (...words) => ({ etcdctl: words });

/** What an operator types, in this order. */
const session = [
  put('/message', 'value=Hello world'),
  keys('/message'),
  put('/message', 'value=Hello etcd'),
  remove('/message'),
  keys('/message'),
  put('/foo', 'value=bar', 'ttl=100'),
  put('/foo', 'value=bar', 'ttl=', 'prevExist=true'),
  keys('/foo'),
  put('/foo', 'value=two', 'prevValue=bar'),
  put('/foo', 'value=three', 'prevValue=bar'),
  put('/foo', 'value=three', 'prevIndex=1'),
  put('/foo', 'value=four', 'prevExist=false'),
  put('/foo', 'prevExist=maybe'),
  put('/foo', 'value=x', 'ttl=many'),
  put('/dir', 'dir=true'),
  put('/dir', 'dir=true'),
  put('/dir', 'value=file'),
  put('/dir/a/b', 'value=deep'),
  put('/dir/_hidden', 'value=hidden'),
  keys('/dir?sorted=true'),
  keys('/dir?recursive=true&sorted=true'),
  keys('/dir?quorum=true&recursive=true&sorted=true'),
  keys('/dir/_hidden'),
  keys('/dir?recursive=maybe'),
  remove('/dir'),
  remove('/dir?dir=true'),
  remove('/foo?prevValue=wrong'),
  remove('/foo?prevValue=two'),
  keys('/queue', '-X', 'POST', '-d', 'value=one'),
  keys('/queue', '-X', 'POST', '-d', 'value=two'),
  put('/foo/below', 'value=x'),
  put('/dir/a/b/c', 'value=x'),
  keys('/?sorted=true'),
  remove('/'),
  keys('/', '-X', 'PUT', '-d', 'value=x'),
  keys('/a%20b/%C3%A9', '-X', 'PUT', '--data-urlencode', 'value=é & "日"'),
  keys('/a%20b?recursive=true&sorted=true'),
  keys('/message', '-X', 'PATCH'),
  { curl: ['/nothing'] },
  { curl: ['/health'] },
  keys('/dir?wait=true&recursive=true&waitIndex=@3'),
  keys('/foo?wait=true&waitIndex=@1'),
  etcdctl('set', '/ctl/key', 'value'),
  etcdctl('get', '/ctl/key'),
  etcdctl('-o', 'extended', 'get', '/ctl/key'),
  etcdctl('-o', 'json', 'get', '/ctl/key'),
  etcdctl('get', '/ctl/none'),
  etcdctl('mk', '/ctl/key', 'again'),
  etcdctl('mk', '/ctl/new', 'made'),
  etcdctl('mk', '--in-order', '/ctl/queue', 'first'),
  etcdctl('update', '/ctl/key', 'updated'),
  etcdctl('update', '/ctl/none', 'updated'),
  etcdctl('set', '--swap-with-value', 'updated', '/ctl/key', 'swapped'),
  etcdctl('set', '--swap-with-value', 'updated', '/ctl/key', 'swapped'),
  etcdctl('mkdir', '/ctl/dir'),
  etcdctl('mkdir', '/ctl/dir'),
  etcdctl('setdir', '/ctl/dir'),
  etcdctl('updatedir', '--ttl', '100', '/ctl/dir'),
  etcdctl('ls', '--sort', '/'),
  etcdctl('ls', '--sort', '--recursive', '-p', '/'),
  etcdctl('get', '/ctl'),
  etcdctl('rmdir', '/ctl'),
  etcdctl('rmdir', '/ctl/dir'),
  etcdctl('rm', '/ctl'),
  etcdctl('rm', '/ctl/key'),
  etcdctl('rm', '--with-value', 'wrong', '/ctl/new'),
  etcdctl('rm', '--recursive', '/ctl'),
  etcdctl('ls', '/ctl'),
  etcdctl('watch', '--after-index', '@1', '--recursive', '/dir'),
];

const shown = ({ curl, etcdctl: words }) => (curl ? `curl ${curl.join(' ')}` : `etcdctl ${words.join(' ')}`);

/** Answers of two stores differ in where their index starts and in times; headers of one are those we promise. */
function plain(text, store) {
  return text
    .replace(
      /("(?:created|modified)Index":|"index":|X-Etcd-Index: |\[|(?:Created|Modified)-Index: )(\d+)/g,
      (_, name, n) =>
        // 0 and what is far from the store's own beginning means the same in both.
        `${name}${Number(n) > 0 ? `@${Number(n) - store.first}` : 0}`,
    )
    .replace(/"expiration":"[^"]*"/g, '"expiration":"#"')
    .replace(/\/(queue)\/\d+/g, '/$1/#')
    .replace(/("ttl":|TTL: )(100|9\d)\b/gi, '$1#')
    .replaceAll(store.url, '#')
    .replace(
      /^(Date|Content-Length|X-Raft-\w+|X-Etcd-Cluster-Id|Connection|Keep-Alive|Access-Control-[\w-]+):.*\r\n/gim,
      '',
    )
    .replace(/\r\n(.*?)\r\n\r\n/s, (_, headers) => `\n${headers.split('\r\n').sort().join('\n')}\n\n`)
    .trimEnd();
}

async function answer(store, request) {
  // `@3` is the third change that this test made.
  const fill = (words) => words.map((word) => word.replace(/@(\d+)$/, (_, n) => String(store.first + Number(n))));
  const env = { ...process.env, ETCDCTL_API: '2' };
  const { code, output } = request.curl
    ? await run('curl', ['-siL', '-m', '60', `${store.url}${fill(request.curl)[0]}`, ...request.curl.slice(1)])
    : await run('etcdctl', ['--no-sync', '--endpoints', store.url, ...fill(request.etcdctl)], { env });
  return { code, text: plain(output, store) };
}

async function startMini(args = []) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = start(join(root, 'bin/mini-etcd'), [
    '-addr',
    `127.0.0.1:${port}`,
    '-data-dir',
    scratch('mini'),
    ...args,
  ]);
  await waitFor(
    () => `mini-etcd\n${program.output()}`,
    () =>
      ask('GET', `${url}/version`).then(
        ({ status }) => status === 200,
        () => false,
      ),
  );
  return { url, program };
}

describe('mini-etcd answers as etcd does', { timeout: 300_000 }, () => {
  const stores = {};

  before(async () => {
    stores.real = await startEtcd();
    stores.mini = await startMini();
    for (const store of Object.values(stores)) {
      const { body } = await ask('PUT', `${store.url}/v2/keys/begin`, { form: 'value=1' });
      store.first = JSON.parse(body).node.modifiedIndex;
    }
  });

  after(() => stores.real.stop());

  for (const request of session) {
    test(shown(request), async () => {
      assert.deepEqual(await answer(stores.mini, request), await answer(stores.real, request));
    });
  }
});

test(
  'the Go confd works with mini-etcd',
  { skip: goConfd === undefined && 'CONFD_GO is not set', timeout: 300_000 },
  async () => {
    const mini = await startMini();
    const set = (value) => ask('PUT', `${mini.url}/v2/keys/app/value`, { form: `value=${value}` });
    await set('one');
    const folder = confdir({ 'templates/app.tmpl': '{{getv "/app/value"}}' });
    const dest = join(folder, 'out/app.conf');
    confdir({ 'conf.d/app.toml': resource({ src: 'app.tmpl', dest, keys: ['/app'] }) }, folder);
    const agent = startConfd(folder, ['-backend', 'etcd', '-node', mini.url, '-watch'], { program: goConfd });
    for (const value of ['one', 'two', 'three']) {
      await waitFor(
        () => `${value}\n${agent.output()}`,
        async () => (await set(value), await sleep(200), slurp(dest) === value),
      );
    }
    await agent.stop();
  },
);
