import { expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';
import { exchange } from '../../wire.mjs';

test.each([
  { what: 'nobody is let in by default', cors: [], origin: 'http://a.com', allowed: undefined },
  { what: 'an origin that is not listed', cors: ['http://a.com'], origin: 'http://a.com:80', allowed: undefined },
  { what: 'no origin, where some are listed', cors: ['http://a.com'], origin: '', allowed: undefined },
  {
    what: 'an origin that is listed',
    cors: ['http://b.com', 'http://a.com'],
    origin: 'http://a.com',
    allowed: 'http://a.com',
  },
  { what: 'anyone', cors: ['*'], origin: '', allowed: '*' },
])('cross-origin: $what', async ({ cors, origin, allowed }) => {
  await using served = await serve(undefined, { cors });
  for (const [method, status] of [
    ['GET', '404 Not Found'],
    ['OPTIONS', '200 OK'],
  ] as const) {
    const headers = origin === '' ? {} : { Origin: origin };
    const answer = await exchange(served, { method, target: '/v2/keys/a', headers: { ...headers }, body: '' });
    expect(answer.status).toBe(status);
    expect(answer.headers['Access-Control-Allow-Origin']).toBe(allowed);
  }
});
