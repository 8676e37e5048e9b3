// The two APIs of an etcd, as the chaos run uses them: what it writes, what it reads back, and how a store is set back.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ask } from '../support/etcd.mjs';

const run = promisify(execFile);
const base64 = (text) => Buffer.from(text).toString('base64');
const plain = (text = '') => Buffer.from(text, 'base64').toString();

/** What both have in common: a copy of the data, taken and brought back while the server is down. */
class Store {
  constructor(etcd) {
    this.etcd = etcd;
    this.copy = `${etcd.folder}.copy`;
  }

  /** Remembers everything as it is now; the server restarts on the way. */
  async save() {
    await this.etcd.stop();
    await rm(this.copy, { recursive: true, force: true });
    await cp(this.etcd.folder, this.copy, { recursive: true });
    await this.etcd.start();
    this.saved = true;
  }

  /** Goes back to what was remembered, counters and all; only while the server is down. */
  async restore() {
    await this.etcd.wipe();
    await cp(this.copy, this.etcd.folder, { recursive: true });
    await this.etcd.start();
  }

  async send(method, path, form) {
    const { status, body } = await ask(method, `${this.etcd.url}${path}`, { form, agent: this.etcd.agent });
    if (status >= 500) throw new Error(`${method} ${path}: ${status} ${body}`);
    return { status, body };
  }
}

export class V2 extends Store {
  backend = 'etcdv2';

  put(key, value, ttl) {
    const form = new URLSearchParams({ value, ...(ttl === undefined ? {} : { ttl: String(ttl) }) }).toString();
    return this.send('PUT', `/v2/keys${key}`, form);
  }

  remove(key) {
    return this.send('DELETE', `/v2/keys${key}?recursive=true`);
  }

  /** What is below /app, by key. */
  async content() {
    const { status, body } = await this.send('GET', '/v2/keys/app?recursive=true&quorum=true');
    const pairs = new Map();
    const collect = ({ key, value, dir, nodes = [] }) => {
      if (dir !== true) pairs.set(key, value);
      else nodes.forEach(collect);
    };
    if (status === 200) collect(JSON.parse(body).node);
    return pairs;
  }

  /** More changes than etcd remembers for those who watch. */
  async forget() {
    await this.noise(1100);
  }

  async noise(count) {
    await this.etcd.putAll(Array.from({ length: count }, (_, n) => [`/noise/${n % 7}`, String(n)]));
  }

  /** The counter of all changes. */
  async count() {
    return JSON.parse((await this.put('/noise/count', 'x')).body).node.modifiedIndex;
  }

  /** As the manual says: the backup begins a cluster of its own. */
  async restoreOfficially() {
    const backup = `${this.etcd.folder}.backup`;
    await rm(backup, { recursive: true, force: true });
    const words = ['backup', '--data-dir', this.copy, '--backup-dir', backup];
    await run('etcdctl', words, { env: { ...process.env, ETCDCTL_API: '2' } });
    await this.etcd.wipe();
    await rename(backup, this.etcd.folder);
    await this.etcd.start('--force-new-cluster');
  }
}

export class V3 extends Store {
  backend = 'etcdv3';

  async put(key, value, ttl) {
    const lease = ttl === undefined ? {} : { lease: (await this.call('/v3/lease/grant', { TTL: ttl })).ID };
    return this.call('/v3/kv/put', { key: base64(key), value: base64(value), ...lease });
  }

  async remove(key) {
    await this.call('/v3/kv/deleterange', { key: base64(key) });
    return this.call('/v3/kv/deleterange', { key: base64(`${key}/`), range_end: base64(`${key}0`) });
  }

  async content() {
    const { kvs = [] } = await this.call('/v3/kv/range', { key: base64('/app/'), range_end: base64('/app0') });
    return new Map(kvs.map(({ key, value }) => [plain(key), plain(value)]));
  }

  async noise(count) {
    const worker = async (_, first) => {
      for (let n = first; n < count; n += 16) await this.put('/noise', String(n));
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }

  async count() {
    return Number((await this.put('/noise', 'x')).header.revision);
  }

  async forget() {
    await this.noise(20);
    const { header } = await this.call('/v3/kv/range', { key: base64('/noise') });
    await this.call('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  /** As the manual says, where the program that does it is there. */
  async restoreOfficially() {
    if (this.tool !== 'etcdctl' && !existsSync(this.tool)) return this.restore();
    const words = ['snapshot', 'restore', `${this.copy}/member/snap/db`, '--skip-hash-check', '--data-dir'];
    const { peer, folder } = this.etcd;
    const member = ['--name', 'peer', '--initial-cluster', `peer=${peer}`, '--initial-advertise-peer-urls', peer];
    await this.etcd.wipe();
    await run(this.tool, [...words, folder, ...member], { env: { ...process.env, ETCDCTL_API: '3' } });
    await this.etcd.start();
  }

  /** etcd 3.6 moved the restore of snapshots to another program, which lies beside the server. */
  get tool() {
    return this.etcd.binary === 'etcd' ? 'etcdctl' : this.etcd.binary.replace(/etcd$/, 'etcdutl');
  }

  async call(path, message) {
    const { status, body } = await this.send('POST', path, JSON.stringify(message));
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    return JSON.parse(body);
  }
}
