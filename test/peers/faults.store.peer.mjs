// The store fails in every way a store fails; the file must end up right, and the log must stay readable.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confdir, resource, slurp, startConfd } from './support/confd.mjs';
import { ask, startEtcd } from './support/etcd.mjs';
import { endPrograms, sleep, waitFor } from './support/process.mjs';
import { Proxy } from '../helpers/proxy.mjs';

after(endPrograms);

const base64 = (text) => Buffer.from(text).toString('base64');

/** How a value gets into etcd, by API. */
const apis = {
  etcdv2: (etcd, key, value) => etcd.put(key, value),
  etcdv3: async (etcd, key, value) => {
    const form = JSON.stringify({ key: base64(key), value: base64(value) });
    const { status, body } = await ask('POST', `${etcd.url}/v3/kv/put`, { form });
    assert.equal(status, 200, body);
  },
};
const chosen = process.env.PEERS_BACKENDS?.split(',') ?? ['etcdv2', 'etcdv3'];

for (const backend of chosen) {
  for (const mode of [
    ['-watch', '-interval', '4'],
    ['-interval', '1'],
  ]) {
    describe(`-backend ${backend} ${mode.join(' ')}`, { timeout: 900_000 }, () => {
      let etcd, proxy, agent, folder, count;
      const put = (value) => apis[backend](etcd, '/app/value', value);
      const file = () => slurp(join(folder, 'out/app.conf'));
      const secret = () => `s3cret-${backend}-${(count += 1)}`;
      const arrives = (value, ms) =>
        waitFor(
          () => `${value}, have ${file()}\n${agent.output()}`,
          () => file() === value,
          ms,
        );

      before(async () => {
        etcd = await startEtcd();
        proxy = await Proxy.to(etcd.port);
        count = 0;
        folder = confdir({ 'templates/app.tmpl': '{{getv "/app/value" "none"}}' });
        confdir(
          { 'conf.d/app.toml': resource({ src: 'app.tmpl', dest: join(folder, 'out/app.conf'), keys: ['/app'] }) },
          folder,
        );
        agent = startConfd(folder, ['-backend', backend, '-node', proxy.url, '-log-level', 'debug', ...mode]);
        const first = secret();
        await put(first);
        await arrives(first);
      });

      after(async () => {
        if (agent.alive()) await agent.stop();
        await proxy.close();
        await etcd.stop();
      });

      test('a change arrives', async () => {
        const value = secret();
        await put(value);
        await arrives(value);
      });

      test('etcd goes away and comes back with what it knew', async () => {
        await etcd.stop();
        await sleep(1500);
        agent.forget();
        const from = performance.now();
        await sleep(2500);
        const errors = agent.output().match(/ (ERROR|WARNING) /g)?.length ?? 0;
        const seconds = (performance.now() - from) / 1000;
        assert.ok(errors <= 5 * seconds, `${errors} complaints in ${seconds} s:\n${agent.output()}`);
        assert.ok(agent.alive());
        await etcd.start();
        const value = secret();
        await put(value);
        await arrives(value, 120_000);
      });

      test('etcd comes back empty: its index starts again, and every change counts', async () => {
        for (let n = 0; n < 40; n += 1) await put(secret());
        await etcd.stop();
        await etcd.wipe();
        await etcd.start();
        for (let n = 0; n < 3; n += 1) {
          const value = secret();
          await put(value);
          await arrives(value, 120_000);
        }
      });

      test('a partition: nothing passes for a while, connections stay open', async () => {
        proxy.pause();
        const value = secret();
        await put(value);
        await sleep(3000);
        assert.ok(agent.alive());
        proxy.resume();
        await arrives(value, 120_000);
      });

      test('a partition that resets connections and lets no new one through', async () => {
        proxy.pause();
        proxy.cut();
        const value = secret();
        await put(value);
        await sleep(3000);
        proxy.resume();
        await arrives(value, 120_000);
      });

      test('connections that die without a word, as behind a firewall', async () => {
        proxy.strand();
        const value = secret();
        await put(value);
        await arrives(value, 180_000);
        const next = secret();
        await put(next);
        await arrives(next, 120_000);
      });

      test('connections that are reset over and over lose no change', async () => {
        for (let n = 0; n < 20; n += 1) {
          const value = secret();
          await put(value);
          proxy.cut();
          await sleep(Math.random() * 60);
        }
        const value = secret();
        await put(value);
        await arrives(value, 120_000);
      });

      test('ends when told to, and no value was ever logged', async () => {
        const value = secret();
        await put(value);
        await arrives(value);
        assert.equal(await agent.stop(), 0);
        assert.doesNotMatch(agent.output(), /s3cret/);
      });
    });
  }
}

test('a store that is not there yet is waited for', { timeout: 300_000 }, async () => {
  for (const mode of [['-watch'], ['-interval', '1']]) {
    const etcd = await startEtcd();
    await etcd.stop();
    const folder = confdir({ 'templates/app.tmpl': '{{getv "/app/value"}}' });
    confdir(
      { 'conf.d/app.toml': resource({ src: 'app.tmpl', dest: join(folder, 'out/app.conf'), keys: ['/app'] }) },
      folder,
    );
    const agent = startConfd(folder, ['-backend', 'etcdv2', '-node', etcd.url, ...mode]);
    await waitFor('a complaint', () => / ERROR /.test(agent.output()));
    await etcd.start();
    await etcd.put('/app/value', 'here');
    await waitFor(
      () => `the file\n${agent.output()}`,
      () => slurp(join(folder, 'out/app.conf')) === 'here',
      120_000,
    );
    assert.equal(await agent.stop(), 0);
    await etcd.stop();
  }
});
