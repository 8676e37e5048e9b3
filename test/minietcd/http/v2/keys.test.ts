import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';
import { exchange, exchangeAs, ownWords, type Answer, type Step } from '../../wire.mjs';

interface Scenario {
  readonly name: string;
  readonly steps: readonly { readonly send: Step; readonly want: Answer }[];
}

// Recorded from etcd 3.4 in one go by record.mjs: replayed in the same order, even the indexes must be the same.
const scenarios = JSON.parse(
  readFileSync(new URL('../../../golden/etcd34.json', import.meta.url), 'utf8'),
) as Scenario[];

describe('answers, headers and bytes are those of etcd 3.4', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(undefined, { cors: ['*'] });
  });
  afterAll(() => served.server.close());

  test.each(scenarios)('$name', async ({ steps }) => {
    const own = await ownWords(served);
    const got = [];
    for (const { send } of steps) got.push({ send, want: await exchangeAs(own, served, send) });
    expect(got).toEqual(steps);
  });
});

const form = 'application/x-www-form-urlencoded';

describe('limits', () => {
  const refused = [
    { what: 'a form of more than 10 MiB', length: 10 * 1024 * 1024, status: '400 Bad Request', says: 'POST too large' },
    { what: 'a form of 9 MiB', length: 9 * 1024 * 1024, status: '201 Created', says: '"action":"set"' },
  ];
  test.each(refused)('$what', async ({ length, status, says }) => {
    await using served = await serve();
    const send = {
      method: 'PUT',
      target: '/v2/keys/big',
      headers: { 'Content-Type': form },
      body: `value=${'v'.repeat(length)}`,
    };
    const answer = await exchange(served, send);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(says);
  });

  test('a key of too many elements is refused, one with as many as allowed is kept', async () => {
    await using served = await serve();
    expect((await served.ask(`PUT ${'/a'.repeat(1023)} value=1`)).status).toBe('201 Created');
    expect((await served.ask('GET /?recursive=true')).status).toBe('200 OK');
    expect((await served.ask(`PUT ${'/a'.repeat(1024)} value=1`)).body).toContain('more than 1023 elements');
  });
});

describe('what etcd does by its clock', () => {
  test('a TTL beyond what etcd can count is refused', async () => {
    await using served = await serve();
    expect((await served.ask('PUT /t ttl=9000000001')).body).toContain('"errorCode":202');
    expect((await served.ask('PUT /t ttl=9000000000')).body).toContain('"ttl":9000000000');
  });

  test('of 64 swaps that expect the same index one succeeds', async () => {
    await using served = await serve();
    await served.ask('PUT /c value=0');
    const swaps = Array.from({ length: 64 }, (_, i) => served.ask(`PUT /c?prevIndex=4 value=${i + 1}`));
    const statuses = (await Promise.all(swaps)).map(({ status }) => status);
    expect(statuses.filter((status) => status === '200 OK')).toHaveLength(1);
    expect(statuses.filter((status) => status === '412 Precondition Failed')).toHaveLength(63);
  });
});
