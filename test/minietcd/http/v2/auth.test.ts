import { expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';

// What etcd answers too is recorded: the scenarios of users and roles.

test.each([
  ['users/root', '{"user":"root","password":"p"}'],
  ['users/x', '{"USER":"x","password":"p","roles":["root"],"other":1}'],
  ['users/x', '{"user":"x","password":"p","grant":[],"revoke":null}'],
  ['roles/x', '{"role":"x"}'],
  ['roles/x', '{"role":"x","permissions":{"kv":{"read":["/*"]}},"grant":{"kv":{}}}'],
])('%s %s is refused so that etcdctl shows why, and passwords stay off', async (path, body) => {
  await using served = await serve();
  const answer = await served.ask(`PUT =/v2/auth/${path} ${body}`);
  expect(answer.status).toBe('409 Conflict');
  expect(answer.body).toBe(
    '{"message":"mini-etcd has no users and no roles: use TLS with client certificates (-ca-file)"}',
  );
  expect((await served.ask(`GET =/v2/auth/${path}`)).status).toBe('404 Not Found');
  expect((await served.ask('PUT =/v2/auth/enable')).status).toBe('409 Conflict');
  expect((await served.ask('GET =/v2/auth/enable')).body).toBe('{"enabled":false}\n');
});
