// The v3 API of real etcds: every etcd that REAL_ETCDS names (a list of folders with etcd and etcdctl, separated by ":"),
// or the one in PATH. The agent must end up with what the store has, whatever happens to the store.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { confdir, resource, slurp, startConfd } from './support/confd.mjs';
import { freePort } from '../helpers/port.mjs';
import { endPrograms, scratch, sleep, start, waitFor } from './support/process.mjs';
import { Proxy } from '../helpers/proxy.mjs';

after(endPrograms);

const folders = (process.env.REAL_ETCDS ?? '').split(':').filter((folder) => folder !== '');
const programs = (folders.length > 0 ? folders : ['']).map((folder) => ({
  etcd: join(folder, 'etcd'),
  etcdctl: join(folder, 'etcdctl'),
}));
const certs = new URL('../helpers/certs/', import.meta.url).pathname;

/** An etcd of one or more members, with its data in folders of its own. */
class Cluster {
  constructor(program, { members = 1, tls = false } = {}) {
    this.program = program;
    this.scheme = tls ? 'https' : 'http';
    this.folder = scratch('etcd3');
    this.size = members;
    this.members = [];
  }

  async start() {
    if (this.members.length === 0) {
      for (let i = 0; i < this.size; i++) {
        this.members.push({ name: `m${i}`, port: await freePort(), peer: `http://127.0.0.1:${await freePort()}` });
      }
      this.initial = this.members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    }
    for (const member of this.members) if (!member.running?.alive()) this.startMember(member);
    await waitFor(
      () => this.members.map(({ running }) => running.output()).join('\n'),
      () => this.tryCtl('get', '/ready') !== undefined,
      120_000,
    );
  }

  startMember(member) {
    const url = `${this.scheme}://127.0.0.1:${member.port}`;
    const secure = ['--cert-file', `${certs}server.pem`, '--key-file', `${certs}server.key`];
    const mutual = [...secure, '--trusted-ca-file', `${certs}ca.pem`, '--client-cert-auth'];
    member.running = start(this.program.etcd, [
      ...['--name', member.name, '--data-dir', join(this.folder, member.name), '--log-level', 'error'],
      ...['--logger', 'zap', '--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', member.peer, '--initial-advertise-peer-urls', member.peer],
      ...['--initial-cluster', this.initial, ...(this.scheme === 'https' ? mutual : [])],
      ...['--auth-token', 'simple', ...this.more],
    ]);
  }

  more = [];
  user = [];

  async stop() {
    for (const { running } of this.members) if (running.alive()) await running.stop('SIGKILL');
  }

  get nodes() {
    return this.members.map(({ port }) => `${this.scheme}://127.0.0.1:${port}`);
  }

  /** Prolongs a lease until it is stopped. */
  keepAlive(lease) {
    const env = { ...process.env, ETCDCTL_API: '3' };
    return start(this.program.etcdctl, [`--endpoints=${this.nodes}`, 'lease', 'keep-alive', lease], { env });
  }

  ctl(...args) {
    const alive = this.members.filter(({ running }) => running.alive());
    const endpoints = alive.map(({ port }) => `${this.scheme}://127.0.0.1:${port}`).join(',');
    const tls = ['--cacert', `${certs}ca.pem`, '--cert', `${certs}client.pem`, '--key', `${certs}client.key`];
    const options = [`--endpoints=${endpoints}`, ...(this.scheme === 'https' ? tls : []), ...this.user];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return execFileSync(this.program.etcdctl, [...options, ...args], {
      env,
      stdio: 'pipe',
      timeout: 60_000,
    }).toString();
  }

  tryCtl(...args) {
    try {
      return this.ctl(...args);
    } catch {
      return undefined;
    }
  }

  /** Puts pairs and removes a key, all in one transaction. */
  async transact(pairs, gone) {
    const base64 = (text) => Buffer.from(text).toString('base64');
    const puts = pairs.map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
    const success = [{ requestDeleteRange: { key: base64(gone) } }, ...puts];
    const body = JSON.stringify({ success });
    const { status } = await fetch(`http://127.0.0.1:${this.members[0].port}/v3/kv/txn`, { method: 'POST', body });
    assert.equal(status, 200);
  }

  /** Puts what a snapshot holds in the place of the data, as an operator does after a loss. */
  async restore(file) {
    await this.stop();
    const [{ name, peer }] = this.members;
    const data = join(this.folder, name);
    await rm(data, { recursive: true, force: true });
    const args = ['snapshot', 'restore', file, '--name', name, '--data-dir', data];
    const all = [...args, '--initial-cluster', this.initial, '--initial-advertise-peer-urls', peer];
    const { etcdctl } = this.program;
    const util = this.version() < '3.6' ? etcdctl : etcdctl.replace(/etcdctl$/, 'etcdutl');
    execFileSync(util, all, { env: { ...process.env, ETCDCTL_API: '3' }, stdio: 'pipe' });
    await this.start();
  }

  version() {
    return /etcd Version: (\S+)/.exec(execFileSync(this.program.etcd, ['--version']).toString())[1];
  }
}

/** An agent that writes all pairs below /app to a file. */
class Follower {
  constructor(nodes, args = [], backend = 'etcdv3') {
    this.folder = confdir({ 'templates/app.tmpl': '{{range gets "/app/*"}}{{.Key}}={{.Value}}\n{{end}}' });
    const dest = join(this.folder, 'out/app.conf');
    confdir({ 'conf.d/app.toml': resource({ src: 'app.tmpl', dest, keys: ['/app'] }) }, this.folder);
    const where = nodes.flatMap((node) => ['-node', node]);
    this.agent = startConfd(this.folder, ['-backend', backend, '-watch', ...where, ...args]);
  }

  file() {
    return slurp(join(this.folder, 'out/app.conf'));
  }

  async shows(...pairs) {
    const text = pairs.map((pair) => `/app/${pair}\n`).join('');
    const what = () => `${JSON.stringify(text)}, have ${JSON.stringify(this.file())}\n${this.agent.output()}`;
    await waitFor(what, () => this.file() === text, 120_000);
  }

  /** Ends it; every line that it wrote must be one of its own. */
  async stop() {
    await this.agent.stop();
    const strange = this.agent
      .output()
      .split('\n')
      .filter((line) => line !== '' && !/^\d{4}-\S+ \S+ \S*confd\[\d+\]: /.test(line));
    assert.deepEqual(strange, []);
  }
}

for (const program of programs) {
  const version = new Cluster(program).version();
  describe(`etcd ${version}, by v3`, { timeout: 900_000 }, () => {
    test('writes, removals, leases, compactions, restarts, a restore', async () => {
      const etcd = new Cluster(program);
      await etcd.start();
      const [{ port }] = etcd.members;
      const proxy = await Proxy.to(port);
      etcd.ctl('put', '/app/a', '1');
      etcd.ctl('put', '/app2', 'no');
      const follower = new Follower([proxy.url], [], 'etcd');
      await follower.shows('a=1');
      assert.match(follower.agent.output(), /Using the v3 API of etcd: \S+ does not offer the v2 API/);
      etcd.ctl('put', '/app/a/below', '2');
      await follower.shows('a=1');
      etcd.ctl('put', '/app/b', '2');
      await follower.shows('a=1', 'b=2');
      etcd.ctl('del', '/app/b');
      await follower.shows('a=1');
      const lease = /lease (\S+) granted/.exec(etcd.ctl('lease', 'grant', '5'))[1];
      const alive = etcd.keepAlive(lease);
      etcd.ctl('put', `--lease=${lease}`, '/app/mortal', 'x');
      await follower.shows('a=1', 'mortal=x');
      await alive.stop();
      await follower.shows('a=1');

      const snapshot = join(etcd.folder, 'backup.db');
      etcd.ctl('snapshot', 'save', snapshot);
      proxy.refuse();
      for (let i = 2; i < 9; i++) etcd.ctl('put', '/app/a', String(i));
      etcd.ctl('compact', /"revision":(\d+)/.exec(etcd.ctl('get', '/app/a', '-w', 'json'))[1]);
      proxy.resume();
      await follower.shows('a=8');

      await etcd.stop();
      await sleep(1000);
      await etcd.start();
      etcd.ctl('put', '/app/a', '9');
      await follower.shows('a=9');

      proxy.strand();
      etcd.ctl('put', '/app/a', '10');
      await follower.shows('a=10');

      await etcd.restore(snapshot);
      await follower.shows('a=1');
      etcd.ctl('put', '/app/a', 'restored');
      await follower.shows('a=restored');
      etcd.ctl('snapshot', 'save', `${snapshot}2`);
      etcd.ctl('put', '/app/gone', 'x');
      await follower.shows('a=restored', 'gone=x');
      // Back again, and past the revisions of before by the time that the agent sees it.
      proxy.refuse();
      await etcd.restore(`${snapshot}2`);
      for (let i = 0; i < 5; i++) etcd.ctl('put', '/app/b', String(i));
      proxy.resume();
      await follower.shows('a=restored', 'b=4');
      await follower.stop();
      await proxy.close();
      await etcd.stop();
    });

    test('forty thousand changes while it is away, 128 in a transaction', async () => {
      const etcd = new Cluster(program);
      await etcd.start();
      const proxy = await Proxy.to(etcd.members[0].port);
      etcd.ctl('put', '/app/a', '1');
      const follower = new Follower([proxy.url]);
      await follower.shows('a=1');
      proxy.refuse();
      // 40 MB that the agent is told of in parts, most of which begin and end in the middle of a transaction.
      const value = (round) => String(round).padEnd(1000, '.');
      const names = Array.from({ length: 126 }, (_, n) => `b${n + 100}`);
      for (let round = 0; round < 312; round++) {
        const puts = [...names, `turn${round % 2}`].map((name) => [`/app/${name}`, value(round)]);
        await etcd.transact(puts, `/app/turn${(round + 1) % 2}`);
      }
      proxy.resume();
      await follower.shows('a=1', ...[...names, 'turn1'].map((name) => `${name}=${value(311)}`));
      await follower.stop();
      await proxy.close();
      await etcd.stop();
    });

    test('a removal right after a read, up to which the history is compacted while it is away', async () => {
      const etcd = new Cluster(program);
      await etcd.start();
      const proxy = await Proxy.to(etcd.members[0].port);
      for (const key of ['/app/a', '/app/newest']) etcd.ctl('put', key, '1');
      const follower = new Follower([proxy.url]);
      await follower.shows('a=1', 'newest=1');
      proxy.refuse();
      etcd.ctl('del', '/app/a');
      etcd.ctl('compact', /"revision":(\d+)/.exec(etcd.ctl('get', '/app/a', '-w', 'json'))[1]);
      proxy.resume();
      await follower.shows('newest=1');
      await follower.stop();
      await proxy.close();
      await etcd.stop();
    });

    test('TLS with client certificates, users and roles, tokens that expire', async () => {
      const etcd = new Cluster(program, { tls: true });
      // From 3.5 on the life of a simple token can be set.
      if (version >= '3.5') etcd.more = ['--auth-token-ttl', '2'];
      await etcd.start();
      for (const line of ['user add root:r00t', 'user grant-role root root', 'role add app', 'user add app:s3cret']) {
        etcd.tryCtl(...line.split(' '));
      }
      etcd.ctl('role', 'grant-permission', 'app', '--prefix=true', 'read', '/app');
      etcd.ctl('user', 'grant-role', 'app', 'app');
      etcd.ctl('put', '/app/a', '1');
      etcd.ctl('auth', 'enable');
      etcd.user = ['--user=root:r00t'];
      const tls = [
        '-client-ca-keys',
        `${certs}ca.pem`,
        '-client-cert',
        `${certs}client.pem`,
        '-client-key',
        `${certs}client.key`,
      ];
      const user = (password) => ['-basic-auth', '-username', 'app', '-password', password];
      const follower = new Follower(etcd.nodes, [...tls, ...user('s3cret')]);
      await follower.shows('a=1');
      etcd.ctl('put', '/app/a', '2');
      await follower.shows('a=2');
      await sleep(5000);
      await etcd.stop();
      await etcd.start();
      etcd.ctl('put', '/app/a', '3');
      await follower.shows('a=3');
      await follower.stop();

      const refused = async (args, words) => {
        const { agent } = new Follower(etcd.nodes, ['-onetime', ...args]);
        assert.equal(await agent.ended, 1);
        assert.match(agent.output(), words);
        assert.ok(!/s3cret|wr0ng/.test(agent.output()));
      };
      await refused([...tls, ...user('wr0ng')], /FATAL \S+: access denied: user name or password is wrong\n/);
      // With client certificates whoever sends no password is the user that the certificate names.
      await refused(tls, /FATAL \S+: permission denied: the user needs read access to all keys of the resources\n/);
      await refused([...tls.slice(0, 2), ...user('s3cret')], /FATAL .*certificate/);
      await refused(['-client-ca-keys', `${certs}stranger-ca.pem`, ...user('s3cret')], /FATAL .*not trusted/);
      await etcd.stop();
    });

    test('three members, of which one is lost', async () => {
      const etcd = new Cluster(program, { members: 3 });
      await etcd.start();
      etcd.ctl('put', '/app/a', '1');
      const follower = new Follower(etcd.nodes);
      await follower.shows('a=1');
      for (let round = 0; round < 3; round++) {
        await etcd.members[round].running.stop('SIGKILL');
        const value = `lost${round}`;
        await waitFor('a leader', () => etcd.tryCtl('put', '/app/a', value) !== undefined, 120_000);
        await follower.shows(`a=${value}`);
        await etcd.start();
      }
      await follower.stop();
      await etcd.stop();
    });
  });
}
