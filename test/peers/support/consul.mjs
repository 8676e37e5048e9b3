// A real consul: the one in the folder that REAL_CONSUL names.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../helpers/port.mjs';
import { scratch, start, waitFor } from './process.mjs';

const certs = new URL('../../helpers/certs/', import.meta.url).pathname;

/** The program, or undefined where there is none. */
export const consulProgram = process.env.REAL_CONSUL && join(process.env.REAL_CONSUL, 'consul');

/** The token that may do everything, where there are rights. */
export const master = '11111111-1111-1111-1111-111111111111';

/** A consul with its data in a folder of its own. */
export class Consul {
  folder = scratch('consul');
  /** Where the agent asks, by https with tls. */
  port;
  /** Where this class asks, by http. */
  plain;
  inner;
  running;

  constructor({ rights = false, tls = false } = {}) {
    this.rights = rights;
    this.tls = tls;
  }

  async start() {
    this.port ??= await freePort();
    this.plain ??= this.tls ? await freePort() : this.port;
    this.inner ??= [await freePort(), await freePort()];
    const [server, serf] = this.inner;
    const file = join(this.folder, 'consul.hcl');
    const acl = `acl { enabled = true, default_policy = "deny", tokens { initial_management = "${master}" } }`;
    const secure = `tls { https { ca_file = "${certs}ca.pem", cert_file = "${certs}server.pem", key_file = "${certs}server.key", verify_incoming = true } }`;
    writeFileSync(
      file,
      `ports { http = ${this.plain}, https = ${this.tls ? this.port : -1}, server = ${server}, serf_lan = ${serf}
        serf_wan = -1, dns = -1, grpc = -1, grpc_tls = -1 }
      ${this.rights ? acl : ''}
      ${this.tls ? secure : ''}`,
    );
    this.running = start(consulProgram, [
      ...['agent', '-server', '-bootstrap-expect=1', '-data-dir', join(this.folder, 'data'), '-config-file', file],
      ...['-bind', '127.0.0.1', '-client', '127.0.0.1', '-log-level', 'error'],
    ]);
    await waitFor(
      () => this.running.output(),
      () => this.isReady(),
      120_000,
    );
  }

  async isReady() {
    try {
      return (await this.ask('PUT', '/kv/ready', String(Date.now()))).status === 200;
    } catch {
      return false;
    }
  }

  get url() {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  async stop() {
    if (this.running?.alive()) await this.running.stop('SIGKILL');
  }

  /** Stops, and forgets everything. */
  async wipe() {
    await this.stop();
    rmSync(join(this.folder, 'data'), { recursive: true });
  }

  async ask(method, path, body) {
    const headers = this.rights ? { 'X-Consul-Token': master } : {};
    const url = `http://127.0.0.1:${this.plain}/v1${path}`;
    const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }

  /** A question that must be answered with 200. */
  async must(method, path, body) {
    const answer = await this.ask(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body;
  }

  async put(key, value) {
    await this.must('PUT', `/kv/${key.split('/').map(encodeURIComponent).join('/')}`, Buffer.from(value, 'latin1'));
  }

  /** Writes many keys, 128 in a transaction. */
  async putAll(pairs) {
    const all = [...pairs];
    for (let at = 0; at < all.length; at += 128) {
      const verbs = all.slice(at, at + 128).map(([Key, value]) => {
        return { KV: { Verb: 'set', Key, Value: Buffer.from(value, 'latin1').toString('base64') } };
      });
      await this.must('PUT', '/txn', JSON.stringify(verbs));
    }
  }

  async remove(key, { isPrefix = false } = {}) {
    await this.must('DELETE', `/kv/${key}${isPrefix ? '?recurse' : ''}`);
  }

  snapshot() {
    return this.must('GET', '/snapshot');
  }

  async restore(backup) {
    await this.must('PUT', '/snapshot', backup);
  }

  /** A new token whose rights are these rules. */
  async token(name, rules) {
    await this.must('PUT', '/acl/policy', JSON.stringify({ Name: name, Rules: rules }));
    const token = await this.must('PUT', '/acl/token', JSON.stringify({ Policies: [{ Name: name }] }));
    return JSON.parse(String(token)).SecretID;
  }

  /** Other rights for the tokens of that name. */
  async allow(name, rules) {
    const { ID } = JSON.parse(String(await this.must('GET', `/acl/policy/name/${name}`)));
    await this.must('PUT', `/acl/policy/${ID}`, JSON.stringify({ ID, Name: name, Rules: rules }));
  }
}
