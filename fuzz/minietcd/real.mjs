import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts a real etcd with the v2 API, on free ports and in a folder of its own, which go when it stops. */
export async function startReal(program, args) {
  const [port, peerPort] = [await freePort(), await freePort()];
  const [client, peer] = [port, peerPort].map((each) => `http://127.0.0.1:${each}`);
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-etcd-'));
  const child = spawn(
    program,
    [
      ...['--enable-v2', '--log-level', 'error', '--data-dir', folder, '--snapshot-count', '1000000'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer],
      ...['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
      ...args,
    ],
    { stdio: 'ignore', env: { PATH: process.env.PATH } },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.on('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  while (
    !(await fetch(`${client}/health`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    host: '127.0.0.1',
    port,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
