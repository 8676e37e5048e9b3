// The whole scenario the agent is made for: nginx in front of servers that come and go in etcd, kept by confd-watch.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confd, confdir, resource, root, slurp, stageFiles } from './support/confd.mjs';
import { Etcd } from './support/etcd.mjs';
import { Traffic, nginxHome, startServer } from './support/nginx.mjs';
import { freePort } from '../helpers/port.mjs';
import { endPrograms, run, start, waitFor } from './support/process.mjs';

after(endPrograms);

const curl = (...args) => run('curl', ['-sfL', ...args]);

// It watches of itself; without that, every change waits for the interval.
for (const mode of ['', '-watch=false']) {
  describe(`confd-watch${mode && ` with ${mode}`}`, { timeout: 600_000 }, () => {
    let etcd, home, wrapper, traffic;
    const servers = {};
    const keys = () => `${etcd.url}/v2/keys/services/apache`;
    const register = (name, value) => curl(`${keys()}/${name}`, '-X', 'PUT', '--data-urlencode', `value=${value}`);
    const remove = (name) => curl(`${keys()}/${name}`, '-X', 'DELETE');
    const reloads = () => (slurp(join(home.folder, 'reloads')) ?? '').split('\n').length - 1;
    const pool = () => (slurp(home.dest) ?? '').match(/^ *server [^{\n]*;/gm)?.length ?? 0;
    const answering = (name) =>
      waitFor(`answers of ${name}`, () => (traffic.look(), 1)).then(() =>
        waitFor(
          () => `answers of ${name}\n${wrapper.output()}`,
          () => traffic.seen.has(name),
        ),
      );

    before(async () => {
      etcd = new Etcd(await freePort(), await freePort());
      home = await nginxHome();
      for (const name of ['one', 'two', 'three']) servers[name] = await startServer(name);
      const fields = { src: 'nginx.tmpl', dest: home.dest, keys: ['/services/apache'], mode: '0644' };
      const folder = confdir({
        'templates/nginx.tmpl': home.template,
        'conf.d/nginx.toml': resource({ ...fields, check_cmd: home.check, reload_cmd: home.reload }),
      });
      const env = {
        ...process.env,
        ...{ ETCD_PORT: String(etcd.port), HOST_IP: '127.0.0.1', CONFD: confd, CONFD_RETRY: '1' },
        ...{
          CONFD_FILE: join(folder, 'conf.d/nginx.toml'),
          CONFD_OPTS: `-confdir ${folder} ${mode}`,
        },
        ...{ CONFD_INTERVAL: '1' },
      };
      wrapper = start(join(root, 'bin/confd-watch'), ['--', ...home.foreground], { env });
    });

    after(async () => {
      await traffic?.end();
      if (wrapper.alive()) await wrapper.stop();
      await etcd.stop();
      for (const server of Object.values(servers)) await server.stop();
    });

    test('tries again while etcd is down, and while no server is registered', async () => {
      await waitFor('a first attempt', () => wrapper.output().includes('[nginx] waiting for confd'));
      await etcd.start();
      wrapper.forget();
      await waitFor('an attempt without servers', () => wrapper.output().includes('[nginx] waiting for confd'));
      assert.equal(slurp(home.dest), undefined);
    });

    test('starts nginx with what is registered', async () => {
      await register('1', servers.one.address);
      await register('2', servers.two.address);
      await waitFor(
        () => `nginx\n${wrapper.output()}`,
        async () => (await curl(home.url)).code === 0,
        30_000,
      );
      assert.match(wrapper.output(), /\[nginx\] confd is now monitoring etcd for changes\.\.\./);
      traffic = new Traffic(home.url);
      await answering('one');
      await answering('two');
    });

    test('a server that registers gets requests, one that leaves gets none', async () => {
      for (let round = 0; round < 3; round += 1) {
        await register('3', servers.three.address);
        await answering('three');
        await remove('2');
        await waitFor('a pool without server two', () => !slurp(home.dest).includes(servers.two.address));
        await drained('two');
        await servers.two.stop();
        servers.two = await startServer('two');
        await register('2', servers.two.address);
        await answering('two');
        await remove('3');
        await waitFor('a pool without server three', () => pool() === 2);
      }
    });

    // An operator takes a server away when it has had no request for a while.
    async function drained(name) {
      await waitFor(`an end of requests to ${name}`, async () => {
        traffic.look();
        const from = traffic.requests;
        await waitFor('requests', () => traffic.requests > from + 30);
        return !traffic.seen.has(name);
      });
    }

    test('a syntax error in a key does not reach nginx, and is gone with the key', async () => {
      // Nobody hears of server three any more: the reload of the last change is done.
      await drained('three');
      const good = slurp(home.dest);
      const before = reloads();
      wrapper.forget();
      await register('bad', '127.0.0.1:1; garbage {');
      await waitFor(
        () => `a refusal\n${wrapper.output()}`,
        () => wrapper.output().includes('ERROR Config check failed'),
      );
      assert.equal(slurp(home.dest), good);
      assert.equal(reloads(), before);
      await remove('bad');
      await register('3', servers.three.address);
      await answering('three');
    });

    test('not one request failed, and nothing is left over', async () => {
      await traffic.end();
      assert.deepEqual(traffic.failures, []);
      assert.ok(traffic.requests > 300, `only ${traffic.requests} requests`);
      console.log(`# ${traffic.requests} requests, ${traffic.retried} asked again, ${reloads()} reloads`);
      await waitFor(
        () => `no stage file: ${stageFiles(home.folder)}`,
        () => stageFiles(home.folder).length === 0,
      );
    });

    test('HUP and the death of the agent are survived; QUIT ends both programs', async () => {
      const agent = () => Number(slurp(`/proc/${wrapper.pid}/task/${wrapper.pid}/children`).split(' ')[0]);
      const first = agent();
      wrapper.signal('SIGHUP');
      process.kill(first, 'SIGKILL');
      await waitFor('a new agent', () => wrapper.output().includes('[nginx] confd ended with status 137'));
      wrapper.forget();
      await remove('3');
      await waitFor(
        () => `the new agent at work\n${wrapper.output()}`,
        () => pool() === 2,
      );
      assert.equal(await wrapper.stop('SIGQUIT'), 0);
      assert.equal((await curl(home.url)).code, 7);
    });
  });
}
