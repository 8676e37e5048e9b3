// A real Vault, which scripts/peers.sh builds, on a port and in a folder of its own.
import { join } from 'node:path';
import { freePort } from '../../helpers/port.mjs';
import { scratch, start, waitFor } from './process.mjs';

/** The server, or undefined where there is none. */
export const vaultProgram = process.env.REAL_VAULT;

/** A Vault whose data is in a folder. */
export class RealVault {
  folder = scratch('vault');
  token = '';

  /** Starts and unseals it; at the first start it is empty. */
  async start(...more) {
    this.port ??= await freePort();
    this.url = `${more.includes('-cert') ? 'https' : 'http'}://127.0.0.1:${this.port}`;
    const args = ['-listen', `127.0.0.1:${this.port}`, '-data', join(this.folder, 'data'), ...more];
    this.program = start(vaultProgram, args);
    await waitFor(
      () => this.program.output(),
      async () => (await this.ask('GET', 'sys/seal-status').catch(() => null)) !== null,
      120_000,
    );
    if (this.key === undefined) {
      const { body } = await this.ask('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
      this.key = body.keys[0];
      this.token = body.root_token;
    }
    await this.unseal();
  }

  async unseal() {
    await this.must('PUT', 'sys/unseal', { key: this.key });
    await waitFor('an active Vault', async () => (await this.ask('GET', 'sys/health')).status === 200);
  }

  /** Everything is gone, as after a loss. */
  async forget() {
    this.folder = scratch('vault');
    this.key = undefined;
  }

  async stop() {
    if (this.program?.alive()) await this.program.stop('SIGKILL');
  }

  async ask(method, path, body) {
    const answer = await fetch(`${this.url}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': this.token },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: text === '' ? null : JSON.parse(text) };
  }

  /** What must work. A key/value engine of version 2 is not ready at once. */
  async must(method, path, body) {
    let answer;
    await waitFor(
      () => `${method} ${path}: ${answer?.text}`,
      async () => (answer = await this.ask(method, path, body)).status < 300 || !/pgrading/.test(answer.text),
    );
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  mount(path, type, version) {
    return this.must('POST', `sys/mounts/${path}`, { type, ...(version ? { options: { version } } : {}) });
  }
}
