import { describe, expect, test } from '@jest/globals';
import { serve } from '../../helpers/miniEtcd.ts';
import { exchange } from '../wire.mjs';

const json = { 'Content-Type': 'application/json' };

describe('nobody comes or goes', () => {
  const rows = [
    { what: 'a form', send: 'POST ', headers: {}, body: 'a=b', status: 415, says: 'accept application/json"}' },
    {
      what: 'no URLs',
      send: 'POST ',
      headers: json,
      body: '{"peerURLs":[]}',
      status: 400,
      says: 'no valid URLs given',
    },
    { what: 'nothing', send: 'POST ', headers: json, body: '{}', status: 400, says: 'no valid URLs given' },
    { what: 'junk', send: 'POST ', headers: json, body: 'junk', status: 400, says: "invalid character 'j'" },
    {
      what: 'itself',
      send: 'POST ',
      headers: json,
      body: '{"peerURLs":["http://127.0.0.1:7001"]}',
      status: 409,
      says: 'membership: peerURL exists',
    },
    {
      what: 'another',
      send: 'POST ',
      headers: json,
      body: '{"peerURLs":["http://b:7001"]}',
      status: 500,
      says: 'mini-etcd is a single node',
    },
    { what: 'no name', send: 'DELETE ', headers: {}, body: '', status: 405, says: 'Method Not Allowed\n' },
    {
      what: 'a stranger',
      send: 'DELETE /12',
      headers: {},
      body: '',
      status: 404,
      says: '{"message":"No such member: 12"}',
    },
    { what: 'itself', send: 'DELETE /ID', headers: {}, body: '', status: 500, says: 'mini-etcd is a single node' },
    { what: 'a change', send: 'PUT /ID', headers: json, body: '{}', status: 500, says: 'mini-etcd is a single node' },
  ];
  test.each(rows)('$send$what', async ({ send, headers, body, status, says }) => {
    await using served = await serve();
    const { id } = JSON.parse((await served.ask('GET =/v2/members/leader')).body) as { id: string };
    const [method, path] = send.split(' ') as [string, string];
    const target = `/v2/members${path.replace('ID', id)}`;
    const answer = await exchange(served, { method, target, headers: { ...headers }, body });
    expect(answer.status.slice(0, 3)).toBe(String(status));
    expect(answer.body).toContain(says);
  });
});
