import { expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';

test('the settings of a cluster are kept, served and explained', async () => {
  await using served = await serve(undefined, { cluster: { activeSize: 5, removeDelay: 100.5, syncInterval: 2 } });
  const first = await served.ask('GET =/v2/admin/config');
  expect(first.body).toBe('{"activeSize":5,"removeDelay":100.5,"syncInterval":2}\n');
  expect(first.headers['Warning']).toContain('a single node keeps these settings, but they have no effect');
  const set = await served.ask('PUT =/v2/admin/config {"activeSize":7.5,"syncInterval":0,"other":"x"}');
  expect([set.status, set.body]).toEqual(['200 OK', '{"activeSize":7,"removeDelay":100.5,"syncInterval":1}\n']);
  expect((await served.ask('GET =/v2/admin/config')).body).toBe(set.body);
  expect((await served.ask('GET /')).body).toBe('{"action":"get","node":{"dir":true}}\n');
});

test.each([
  ['PUT =/v2/admin/config junk', '500 Internal Server Error', "invalid character 'j' looking for beginning of value\n"],
  ['PUT =/v2/admin/config {"activeSize":"9"}', '500 Internal Server Error', 'activeSize must be a number\n'],
  ['PUT =/v2/admin/config', '500 Internal Server Error', 'unexpected end of JSON input\n'],
  ['POST =/v2/admin/config {}', '405 Method Not Allowed', 'Method Not Allowed\n'],
])('%s: %s', async (line, status, body) => {
  await using served = await serve();
  expect(await served.ask(line)).toMatchObject({ status, body });
  expect((await served.ask('GET =/v2/admin/config')).body).toContain('"activeSize":9');
});

test('a key that someone else wrote there is passed over', async () => {
  await using served = await serve();
  await served.ask('PUT /_etcd/config value=nonsense');
  expect((await served.ask('GET =/v2/admin/config')).body).toContain('"activeSize":9');
});
