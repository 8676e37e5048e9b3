import { expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';
import { exchangeAs, ownWords } from '../../wire.mjs';

// What etcd answers too is recorded: the scenarios of members.

const json = { 'Content-Type': 'application/json' };

test.each([
  { what: 'another', line: 'POST', body: '{"peerURLs":["http://b:1"]}', says: 'members cannot be added' },
  { what: 'a socket', line: 'POST', body: '{"peerURLs":["unix://b:1"]}', says: 'members cannot be added' },
  { what: 'the only one', line: 'DELETE /{member}', body: '', says: 'its only member cannot be removed' },
  {
    what: 'other URLs',
    line: 'PUT /{member}',
    body: '{"peerURLs":["http://b:1"]}',
    says: '-peer-addr sets the peer URLs',
  },
  {
    what: 'more URLs',
    line: 'PUT /{member}',
    body: '{"peerURLs":["{peer}","http://b:1"]}',
    says: '-peer-addr sets the peer URLs',
  },
])('$line: $what is refused so that etcdctl shows why', async ({ line, body, says }) => {
  await using served = await serve();
  const own = await ownWords(served);
  const [method, path = ''] = line.split(' ') as [string, string?];
  const answer = await exchangeAs(own, served, { method, target: `/v2/members${path}`, headers: json, body });
  expect(answer.status).toBe('409 Conflict');
  expect(answer.body).toMatch(/^\{"message":"mini-etcd is a single node: .*"\}$/);
  expect(answer.body).toContain(says);
  expect(await ownWords(served)).toEqual(own);
});
