import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Program, waitFor } from '../../helpers/confd.ts';
import { freePort } from '../../helpers/port.mjs';

const certs = join(import.meta.dirname, '../../helpers/certs');
const pem = (name: string) => readFileSync(join(certs, name));

function ask(port: number, method: string, path: string, body = ''): Promise<string> {
  const tls = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, agent: false, ...tls }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        resolve(text);
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

test('a configuration file starts a server over TLS, which can be told what to log and when to read certificates', async () => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'serve-'));
  const conf = join(folder, 'etcd.conf');
  const profile = join(folder, 'run.cpuprofile');
  const lines = [
    `addr = "127.0.0.1:${port}"`,
    `ca_file = "${join(certs, 'ca.pem')}"`,
    `cert_file = "${join(certs, 'server.pem')}"`,
    `key_file = "${join(certs, 'server.key')}"`,
    `data_dir = "${join(folder, 'data')}"`,
    `cpu_profile_file = "${profile}"`,
    'max_result_buffer = 1024',
    '[cluster]',
    'active_size = 5',
  ];
  writeFileSync(conf, lines.join('\n'));
  const program = new Program('mini-etcd', ['-in-memory', '-config', conf]);
  await waitFor('the line that says where', () => program.stderr.includes('listening'));
  expect(await ask(port, 'GET', '/v2/admin/config')).toContain('200 {"activeSize":5');
  expect(await ask(port, 'GET', '/v2/machines')).toBe(`200 https://127.0.0.1:${port}`);
  await ask(port, 'PUT', '/v2/keys/before');
  expect(await ask(port, 'PUT', '/config/local/log', '{"Level":"DEBUG"}')).toBe('204 ');
  await ask(port, 'PUT', '/v2/keys/after');
  program.kill('SIGHUP');
  await waitFor('the certificates', () => program.stderr.includes('new certificates'));
  const { code } = await program.stop();
  expect(program.log).toEqual([
    expect.stringContaining(`WARNING ${conf}:9: active_size is only shown by /v2/admin/config`),
    `WARNING ${conf}:7: max_result_buffer has no effect, and had none in etcd; remove it`,
    `INFO listening on https://127.0.0.1:${port}, loopback only; data is kept in memory only`,
    'DEBUG set "/after" index 5',
    'INFO new certificates are in use',
    'INFO SIGTERM: stopping',
  ]);
  expect(code).toBe(0);
  expect(existsSync(profile)).toBe(true);
});

test.each([
  [
    ['-cert-file', '/nowhere', '-key-file', '/nowhere'],
    'ERROR cannot read the certificate file /nowhere: no such file or directory',
  ],
  [['-cpuprofile', '/nowhere/x'], 'ERROR -cpuprofile: cannot write /nowhere/x: no such file or directory'],
])('%j ends the start', async (args, message) => {
  const port = await freePort();
  const program = new Program('mini-etcd', ['-in-memory', '-addr', `127.0.0.1:${port}`, ...args]);
  expect((await program.ended).code).toBe(1);
  expect(program.log.join('\n')).toContain(message);
});
