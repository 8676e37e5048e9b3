import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '../../../helpers/fake-clock.ts';
import { serve } from '../../../helpers/mini-etcd.ts';

describe('the member', () => {
  test('is the same on every page', async () => {
    await using served = await serve();
    const page = async (path: string) => JSON.parse((await served.ask(`GET =${path}`)).body) as Record<string, unknown>;
    const leader = await page('/v2/members/leader');
    const url = `http://127.0.0.1:${served.port}`;
    expect(leader).toEqual({
      id: leader['id'],
      name: 'default',
      peerURLs: ['http://127.0.0.1:7001'],
      clientURLs: [url],
    });
    expect(leader['id']).toMatch(/^[1-9a-f][0-9a-f]{0,15}$/);
    expect(await page('/v2/members')).toEqual({ members: [leader] });
    expect(await page('/v2/members/')).toEqual({ members: [leader] });
    expect(await page('/v2/stats/leader')).toEqual({ leader: leader['id'], followers: {} });
    expect(await page('/v2/stats/self')).toMatchObject({ id: leader['id'], leaderInfo: { leader: leader['id'] } });
    expect((await served.ask('GET =/v2/machines')).body).toBe(url);
    expect((await served.ask('GET =/v2/leader')).body).toBe('http://127.0.0.1:7001');
  });
});

test.each([
  [0, '0s'],
  [999, '999ms'],
  [1000, '1s'],
  [59_465, '59.465s'],
  [509_465, '8m29.465s'],
  [3_600_000, '1h0m0s'],
])('after %d ms the uptime is %s', async (ms, uptime) => {
  const clock = new FakeClock();
  await using served = await serve(clock);
  await clock.advance(ms);
  expect((await served.ask('GET =/v2/stats/self')).body).toContain(`"uptime":"${uptime}"`);
});

test('the counters of the store', async () => {
  await using served = await serve();
  for (const line of [
    'PUT /a value=1',
    'GET /a',
    'GET /b',
    'POST /q value=1',
    'DELETE /a?prevValue=2',
    'PUT /b?prevExist=true',
  ]) {
    await served.ask(line);
  }
  expect((await served.ask('GET =/v2/stats/store')).body).toBe(
    '{"getsSuccess":1,"getsFail":1,"setsSuccess":1,"setsFail":0,"deleteSuccess":0,"deleteFail":0,"updateSuccess":0,"updateFail":1,"createSuccess":1,"createFail":0,"compareAndSwapSuccess":0,"compareAndSwapFail":0,"compareAndDeleteSuccess":0,"compareAndDeleteFail":1,"expireCount":0,"watchers":0}',
  );
});

test('what monitors read', async () => {
  await using served = await serve(undefined, { cmdline: ['mini-etcd', '-v'] });
  for (const line of ['PUT /a value=1', 'GET /a', 'GET /nope', 'DELETE /a']) await served.ask(line);
  const { headers, body } = await served.ask('POST =/metrics');
  expect(headers['Content-Type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const row of [
    'etcd_http_received_total{method="GET"} 2',
    'etcd_http_failed_total{code="404",method="GET"} 1',
    'etcd_http_successful_duration_seconds_count{method="PUT"} 1',
    'etcd_http_successful_duration_seconds_bucket{method="PUT",le="+Inf"} 1',
    'etcd_debugging_store_writes_total{action="set"} 1',
    'etcd_debugging_store_reads_total{action="get"} 1',
    'etcd_debugging_store_watchers 0',
    'etcd_server_version{server_version="3.4.23"} 1',
  ]) {
    expect(body.split('\n')).toContain(row);
  }
  expect(body.split('\n').filter((line) => !/^(# TYPE \w+ \w+|\w+(\{[^}]*\})? \S+|)$/.test(line))).toEqual([]);
  const vars = await served.ask('GET =/debug/vars');
  expect(JSON.parse(vars.body)).toMatchObject({ cmdline: ['mini-etcd', '-v'] });
});
