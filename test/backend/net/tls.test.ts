import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../../src/backend/contract/backend.ts';
import { etcdBackend } from '../../../src/backend/etcd/v2.ts';
import type { TlsFiles } from '../../../src/backend/net/tls.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';

const certs = join(import.meta.dirname, '../../helpers/certs');
const pem = (name: string) => join(certs, name);
const none: TlsFiles = { caFile: '', certFile: '', keyFile: '', insecure: false };
const trusting: TlsFiles = { ...none, caFile: pem('ca.pem') };
const as = (name: string): TlsFiles => ({ ...trusting, certFile: pem(`${name}.pem`), keyFile: pem(`${name}.key`) });

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An etcd behind TLS with a certificate; it asks for one of its clients when `asks`. */
async function serve(certificate: string, asks = false): Promise<string> {
  const server = createServer(
    {
      cert: readFileSync(pem(`${certificate}.pem`)),
      key: readFileSync(pem(`${certificate}.key`)),
      ca: readFileSync(pem('ca.pem')),
      requestCert: asks,
      rejectUnauthorized: asks,
    },
    (_request, response) => {
      response.setHeader('X-Etcd-Index', '7');
      response.end('{"action":"get","node":{"key":"/k","value":"v","modifiedIndex":7,"createdIndex":7}}');
    },
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function readFrom(node: string, tls: TlsFiles): Promise<string> {
  const backend = await etcdBackend(etcdSettings([node], { tls }));
  try {
    const { pairs } = await readSnapshot(backend, ['/k'], new AbortController().signal);
    return [...pairs].join();
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return `${code}: ${message}`.replaceAll(/127\.0\.0\.1:\d+/g, 'NODE');
  } finally {
    await backend.close();
  }
}

describe('connections that must not be', () => {
  const rows: readonly (readonly [string, string, boolean, TlsFiles, RegExp])[] = [
    ['a certificate of another host', 'other-name', false, trusting, /^denied: https:\/\/NODE: .*another host name/],
    ['a certificate that has expired', 'expired', false, trusting, /^denied: https:\/\/NODE: .*has expired/],
    [
      'a CA that is not trusted',
      'server',
      false,
      { ...none, caFile: pem('stranger-ca.pem') },
      /^denied: .*not trusted/,
    ],
    [
      'no client certificate where one is asked for',
      'server',
      true,
      trusting,
      /^denied: .*requires a client certificate/,
    ],
    [
      'the certificate of a stranger',
      'server',
      true,
      as('stranger'),
      /^(denied|unreachable): https:\/\/NODE: /, // Go's servers say why, Node's break the connection
    ],
  ];
  test.each(rows)('%s', async (_name, certificate, asks, tls, message) => {
    expect(await readFrom(await serve(certificate, asks), tls)).toMatch(message);
  });

  test('http spoken to an https server, and the other way round', async () => {
    expect(await readFrom(`http://${await serve('server')}`, none)).toMatch(/^(unreachable|protocol): http:\/\/NODE: /);
  });
});

describe('files that are no good', () => {
  const rows: readonly (readonly [string, (folder: string) => TlsFiles, RegExp])[] = [
    [
      'a CA that is not there',
      () => ({ ...none, caFile: '/nope/ca.pem' }),
      /cannot read the CA file: .*\/nope\/ca\.pem/,
    ],
    ['a CA that is no certificate', (f) => ({ ...none, caFile: join(f, 'junk') }), /cannot use the CA file .*junk/],
    [
      'a key of another certificate',
      () => ({ ...as('client'), keyFile: pem('stranger.key') }),
      /cannot use the client key file/,
    ],
    [
      'a certificate that is none',
      (f) => ({ ...as('client'), certFile: join(f, 'junk') }),
      /cannot use the client certificate file/,
    ],
  ];
  test.each(rows)('%s', async (_name, files, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'tls-'));
    await writeFile(join(folder, 'junk'), 'junk');
    await expect(etcdBackend(etcdSettings(['127.0.0.1:1'], { tls: files(folder) }))).rejects.toThrow(message);
  });
});

describe('connections that are', () => {
  const rows: readonly (readonly [string, boolean, TlsFiles])[] = [
    ['a CA of one’s own', false, trusting],
    ['a client certificate', true, as('client')],
    ['a client certificate that nobody asks for', false, as('client')],
    ['no check, because the operator said so', false, { ...none, caFile: pem('stranger-ca.pem'), insecure: true }],
  ];
  test.each(rows)('%s', async (_name, asks, tls) => {
    expect(await readFrom(await serve('server', asks), tls)).toBe('/k,v');
  });
});

describe('files that are replaced', () => {
  /** A client whose certificate and key are copies that `install` replaces, as a rename does. */
  async function client(node: string) {
    const folder = await mkdtemp(join(tmpdir(), 'tls-'));
    const install = async (from: string, to: string) => {
      await copyFile(pem(from), join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, to));
    };
    await install('stranger.pem', 'my.pem');
    await install('stranger.key', 'my.key');
    const tls = { ...trusting, certFile: join(folder, 'my.pem'), keyFile: join(folder, 'my.key') };
    const backend = await etcdBackend(etcdSettings([node], { tls }));
    const read = () =>
      readSnapshot(backend, ['/k'], new AbortController().signal).then(
        ({ pairs }) => [...pairs].join(),
        (error: unknown) => (error as Error).message,
      );
    return { backend, folder, install, read };
  }

  test('the next connection uses them; until both are there, the error says what is wrong', async () => {
    const { backend, install, read } = await client(await serve('server', true));
    expect(await read()).toMatch(/^https:/);
    await install('client.pem', 'my.pem');
    expect(await read()).toMatch(/; cannot use the client key file .*my\.key/);
    await install('client.key', 'my.key');
    expect(await read()).toBe('/k,v');
    await backend.close();
  });

  test('what was loaded before does as long as the new files do not', async () => {
    const { backend, folder, read } = await client(await serve('server'));
    expect(await read()).toBe('/k,v');
    await writeFile(join(folder, 'my.key'), 'junk');
    expect(await read()).toBe('/k,v');
    await backend.close();
  });

  test('a kept connection is not used again', async () => {
    const seen = new Set<unknown>();
    const node = await serve('server', true);
    servers.at(-1)!.on('request', ({ socket }) => seen.add(socket));
    const { backend, install, read } = await client(node);
    await install('client.pem', 'my.pem');
    await install('client.key', 'my.key');
    await read();
    await read();
    expect(seen.size).toBe(1);
    await install('client.pem', 'my.pem');
    expect(await read()).toBe('/k,v');
    expect(seen.size).toBe(2);
    await backend.close();
  });
});
