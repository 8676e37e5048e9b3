import { describe, expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';
import { converse } from '../../wire.mjs';

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
const page = 'http://evil.example';

/** Sends a change with these headers; its status, and what became of the key. */
async function change(headers: string, cors: readonly string[] = [], method = 'POST') {
  await using served = await serve(undefined, { cors });
  const text = headers.replaceAll('{port}', String(served.port));
  const bytes = `${method} /v2/keys/a HTTP/1.1\r\n${text}Connection: close\r\n${form}Content-Length: 7\r\n\r\nvalue=1`;
  const answer = await converse(served, bytes);
  const isKept = served.server.keyspace.index > 3;
  return { status: Number(answer.split(' ')[1]), isKept, body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

describe('what a page of a stranger asks to be changed is not', () => {
  test.each([
    ['a form', `Host: 127.0.0.1:{port}\r\nOrigin: ${page}\r\nUser-Agent: Mozilla/5.0\r\n`, 403],
    ['a form of a file or a sandbox', 'Host: localhost:{port}\r\nOrigin: null\r\n', 403],
    ['a form of an old browser', `Host: 127.0.0.1:{port}\r\nReferer: ${page}/page?x\r\n`, 403],
    ['a form that hides where it is', 'Host: 127.0.0.1:{port}\r\nSec-Fetch-Site: cross-site\r\n', 403],
    ['a page of another port of this machine', 'Host: localhost:{port}\r\nOrigin: http://localhost:3000\r\n', 403],
    ['a page of a neighbour', 'Host: 10.0.0.5:2379\r\nOrigin: http://10.0.0.6:2379\r\n', 403],
    ['a page whose name was pointed here', 'Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n', 421],
    ['the same without Origin', 'Host: evil.example:{port}\r\nAccept-Language: en\r\n', 421],
  ])('%s', async (_what, headers, status) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(await change(headers, [], method)).toMatchObject({ status, isKept: false });
    }
  });

  test('nor may it read under a name that was pointed here', async () => {
    await using served = await serve();
    await served.ask('PUT /a value=secret');
    const get = (headers: string) => converse(served, `GET /v2/keys/a HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
    const refused = await get('Host: evil.example:80\r\nUser-Agent: Mozilla/5.0\r\n');
    expect(refused).toMatch(/^HTTP\/1\.1 421 /);
    expect(refused).not.toContain('secret');
    expect(refused).toContain(
      'by the name evil.example:80: use 127.0.0.1 or localhost, or start with -cors http://evil.example:80',
    );
    // A page of another origin gets an answer that its browser does not show it.
    const hidden = await get(`Host: 127.0.0.1\r\nOrigin: ${page}\r\n`);
    expect(hidden).toMatch(/^HTTP\/1\.1 200 /);
    expect(hidden).not.toContain('Access-Control-Allow-Origin');
  });

  test('the refusal says what would let it in', async () => {
    const { body } = await change(`Host: 127.0.0.1:1\r\nOrigin: ${page}\r\n`);
    expect(body).toBe(`pages of ${page} may not change this store: -cors ${page} allows it\n`);
  });
});

describe('who is none, or is let in, notices nothing', () => {
  test.each([
    ['curl', 'Host: 127.0.0.1:{port}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n', []],
    ['etcdctl by a name of its own', 'Host: etcd.internal:4001\r\nUser-Agent: Go-http-client/1.1\r\n', []],
    ['python-etcd', 'Host: etcd\r\nUser-Agent: python-urllib3/1.26\r\nAccept-Encoding: identity\r\n', []],
    ['a client with no more than it needs', 'Host: x\r\n', []],
    ['a page that this address itself serves', 'Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n', []],
    ['the same by localhost', 'Host: localhost:{port}\r\nReferer: http://localhost:{port}/ui\r\n', []],
    ['an origin that is listed', `Host: 127.0.0.1\r\nOrigin: ${page}\r\n`, [page]],
    ['a name that is listed', 'Host: etcd.example\r\nOrigin: http://etcd.example\r\n', ['http://etcd.example']],
    ['anyone', `Host: evil.example\r\nOrigin: ${page}\r\n`, ['*']],
    ['who types an address', 'Host: 127.0.0.1\r\nSec-Fetch-Site: none\r\nUser-Agent: Mozilla/5.0\r\n', []],
  ])('%s', async (_what, headers, cors) => {
    expect(await change(headers, cors)).toMatchObject({ status: 201, isKept: true });
  });
});
