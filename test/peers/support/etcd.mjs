// A real etcd on ports and in a folder of its own.
import { Agent, request } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../helpers/port.mjs';
import { scratch, start, waitFor } from './process.mjs';

/**
 * An HTTP exchange; resolves with status and body whatever the status is.
 * @param {string} method
 * @param {string} url
 * @param {{form?: string, agent?: Agent}} options
 * @returns {Promise<{status: number, body: string}>}
 */
export function ask(method, url, { form, agent } = {}) {
  return new Promise((done, fail) => {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const call = request(url, { method, headers, agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.once('error', fail);
      answer.once('end', () => done({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    call.once('error', fail);
    call.end(form);
  });
}

/** An etcd server with both APIs (but see `v2`), not yet started. */
export class Etcd {
  /** `program` is what runs; without `v2` it offers the v3 API alone, as etcd 3.6 does. */
  constructor(port, peerPort, { program = 'etcd', v2 = true } = {}) {
    this.binary = program;
    this.v2 = v2;
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
    this.peer = `http://127.0.0.1:${peerPort}`;
    this.folder = join(scratch('etcd'), 'data');
    this.agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  async start(...more) {
    const flags = [
      ...(this.v2 ? ['--enable-v2'] : []),
      ...['--name', 'peer', '--data-dir', this.folder, '--log-level', 'error'],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', this.peer, '--initial-advertise-peer-urls', this.peer],
      ...['--initial-cluster', `peer=${this.peer}`, '--snapshot-count', '1000000', '--max-request-bytes', '33554432'],
      ...more, // the last word counts
    ];
    this.program = start(this.binary, flags);
    await waitFor(
      () => `etcd at ${this.url}: ${this.program.output()}`,
      async () => {
        // Its port may be taken for a moment by who was there before.
        const isLocked = !this.program.alive() && this.program.output().includes('address already in use');
        if (isLocked) this.program = start(this.binary, flags);
        return (await ask('GET', `${this.url}/health`).catch(() => ({ body: '' }))).body.includes('true');
      },
      120_000,
    );
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal = 'SIGTERM') {
    this.agent.destroy();
    this.agent = new Agent({ keepAlive: true, maxSockets: 64 });
    await this.program?.stop(signal);
  }

  /** Forgets everything: the next start begins at index 0. */
  async wipe() {
    await rm(this.folder, { recursive: true, force: true });
  }

  async put(key, value) {
    const form = `value=${encodeURIComponent(value)}`;
    const { status, body } = await ask('PUT', `${this.url}/v2/keys${encodeURI(key)}`, { form, agent: this.agent });
    if (status >= 300) throw new Error(`PUT ${key}: ${status} ${body}`);
  }

  async putAll(pairs, workers = 48) {
    const queue = [...pairs];
    let next = 0;
    const work = async () => {
      while (next < queue.length) await this.put(...queue[next++]);
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  async delete(key, query = '') {
    await ask('DELETE', `${this.url}/v2/keys${encodeURI(key)}${query}`, { agent: this.agent });
  }
}

/** A started etcd on free ports. */
export async function startEtcd(options) {
  const etcd = new Etcd(await freePort(), await freePort(), options);
  await etcd.start();
  return etcd;
}
