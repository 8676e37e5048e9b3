// Programs that people have, against mini-etcd: the Go confd in each of its modes, etcdctl, npm's node-etcd.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confdir, goConfd, resource, slurp, startConfd } from './support/confd.mjs';
import { ask } from './support/etcd.mjs';
import { startMini } from './support/mini.mjs';
import { endPrograms, run, scratch, start, waitFor } from './support/process.mjs';

after(endPrograms);

const put = (mini, key, value) => ask('PUT', `${mini.url}/v2/keys${key}`, { form: `value=${value}` });

describe('the Go confd', { skip: goConfd === undefined && 'CONFD_GO is not set', timeout: 300_000 }, () => {
  const modes = [
    ['-onetime', ['-onetime']],
    ['-interval', ['-interval', '1']],
    ['-watch', ['-watch']],
  ];
  for (const [mode, words] of modes) {
    test(mode, async () => {
      const mini = await startMini();
      await put(mini, '/app/host', 'one');
      await put(mini, '/app/list/b', '2');
      await put(mini, '/app/list/a', '1');
      const text = '{{getv "/app/host"}}{{range gets "/app/list/*"}} {{base .Key}}={{.Value}}{{end}}';
      const folder = confdir({ 'templates/app.tmpl': text });
      const dest = join(folder, 'out/app.conf');
      confdir({ 'conf.d/app.toml': resource({ src: 'app.tmpl', dest, keys: ['/app'] }) }, folder);
      const agent = startConfd(folder, ['-backend', 'etcd', '-node', mini.url, ...words], { program: goConfd });
      await waitFor(
        () => agent.output(),
        () => slurp(dest) === 'one a=1 b=2',
      );
      if (mode === '-onetime') {
        assert.equal(await agent.ended, 0, agent.output());
        return;
      }
      // A watcher hears only of what happens once it waits.
      await waitFor(
        () => agent.output(),
        async () => (await put(mini, '/app/host', 'two'), slurp(dest) === 'two a=1 b=2'),
      );
      await agent.stop();
    });
  }
});

describe('etcdctl', { timeout: 300_000 }, () => {
  const env = { ...process.env, ETCDCTL_API: '2' };
  let mini;
  before(async () => (mini = await startMini()));
  const ctl = (...words) => run('etcdctl', ['--endpoints', mini.url, ...words], { env });
  const rows = [
    [['set', '/k', 'v'], 0, /^v\n$/],
    [['get', '/k'], 0, /^v\n$/],
    [['get', '--sort', '--quorum', '/k'], 0, /^v\n$/],
    [['-o', 'json', 'get', '/k'], 0, /"key":"\/k","value":"v"/],
    [['set', '--swap-with-value', 'v', '/k', 'w'], 0, /^w\n$/],
    [['set', '--swap-with-index', '1', '/k', 'x'], 4, /101: Compare failed \(\[1 != \d+\]\) \[\d+\]/],
    [['set', '--ttl', '60', '/t', 'v'], 0, /^v\n$/],
    [['mk', '/k', 'x'], 4, /105: Key already exists \(\/k\) \[\d+\]/],
    [['mk', '/d/new', 'made'], 0, /^made\n$/],
    [['mk', '--in-order', '/q', 'first'], 0, /^first\n$/],
    [['mkdir', '--ttl', '60', '/m'], 0, /^$/],
    [['setdir', '/s'], 0, /^$/],
    [['updatedir', '--ttl', '100', '/s'], 0, /^$/],
    [['update', '/k', 'updated'], 0, /^updated\n$/],
    [['update', '/none', 'x'], 4, /100: Key not found \(\/none\)/],
    [['ls', '-r', '-p', '--sort', '/'], 0, /\/d\/\n\/d\/new\n\/k\n/],
    [['watch', '--after-index', '4', '--recursive', '/'], 0, /^\[\w+\] \/\w+\n/],
    [['rm', '--with-value', 'wrong', '/k'], 4, /101: Compare failed \(\[wrong != updated\]\)/],
    [['rm', '/k'], 0, /^PrevNode.Value: updated\n$/],
    [['rmdir', '/d'], 4, /108: Directory not empty \(\/d\)/],
    [['rm', '-r', '/d'], 0, /^$/],
    [['rmdir', '/s'], 0, /^$/],
    [['get', '/k'], 4, /100: Key not found \(\/k\)/],
    [['member', 'list'], 0, /^\w+: name=default peerURLs=http:\/\/127\.0\.0\.1:7001 clientURLs=\S+ isLeader=true\n$/],
    [['cluster-health'], 0, /^member \w+ is healthy: got healthy result from \S+\ncluster is healthy\n$/],
    [['member', 'remove', '12ab'], 1, /12ab/],
    [['user', 'list'], 0, /^$/],
    [['role', 'list'], 0, /^root\n$/],
  ];
  for (const [words, code, printed] of rows) {
    test(words.join(' '), async () => {
      const ended = await ctl(...words);
      assert.match(ended.output, printed);
      assert.equal(ended.code, code);
    });
  }

  test('watch --forever and exec-watch hear every change', async () => {
    const flags = ['--endpoints', mini.url];
    const watching = start('etcdctl', [...flags, 'watch', '--forever', '--recursive', '/w'], { env });
    const acting = start(
      'etcdctl',
      [...flags, 'exec-watch', '--recursive', '/w', '--', 'sh', '-c', 'echo got $ETCD_WATCH_VALUE'],
      {
        env,
      },
    );
    await waitFor(
      () => watching.output() + acting.output(),
      async () => {
        for (const value of ['1', '2', '3']) await ctl('set', '/w/x', value);
        return /\[set\] \/w\/x\n3/.test(watching.output()) && acting.output().includes('got');
      },
    );
    await Promise.all([watching.stop(), acting.stop()]);
  });
});

test('node-etcd of npm: values, directories, comparisons, a watcher', { timeout: 300_000 }, async (t) => {
  const folder = scratch('node-etcd');
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, 'node-etcd@7.0.0'];
  const installed = await run('npm', words, { timeoutMs: 90_000 }).catch(() => ({ code: 1 }));
  if (installed.code !== 0) {
    t.skip('npm cannot be reached');
    return;
  }
  const mini = await startMini();
  const script = join(folder, 'try.cjs');
  writeFileSync(
    script,
    `const Etcd = require('node-etcd');
const etcd = new Etcd(${JSON.stringify(mini.url)});
const call = (name, ...words) => new Promise((done) => etcd[name](...words, (error, body) => done(error ?? body)));
(async () => {
  const told = [];
  const watcher = etcd.watcher('/w', null, { recursive: true });
  watcher.on('change', ({ node }) => told.push(node.value));
  told.push((await call('set', '/a', '1')).node.value);
  told.push((await call('compareAndSwap', '/a', '2', '9')).errorCode);
  told.push((await call('compareAndSwap', '/a', '2', '1')).action);
  told.push((await call('mkdir', '/dir')).node.dir);
  told.push((await call('create', '/q', 'x')).action);
  told.push((await call('get', '/nope')).errorCode);
  told.push((await call('del', '/a')).action);
  for (const value of ['w1', 'w2', 'w3']) await call('set', '/w/k', value);
  const end = Date.now() + 60000;
  while (!told.includes('w3') && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  console.log(JSON.stringify(told));
  process.exit();
})();`,
  );
  const { output } = await run(process.execPath, ['--no-deprecation', script]);
  assert.deepEqual(JSON.parse(output.trim().split('\n').at(-1)), [
    ...['1', 101, 'compareAndSwap', true, 'create', 100, 'delete'],
    ...['w1', 'w2', 'w3'],
  ]);
});
