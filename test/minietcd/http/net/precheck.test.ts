import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serve, type Served } from '../../../helpers/mini-etcd.ts';
import { plainAnswers, type Plain } from '../../conversations.mjs';
import { converse } from '../../wire.mjs';

interface Spoken {
  readonly name: string;
  readonly bytes: string;
  readonly want: readonly Plain[];
}

// Recorded from etcd 3.4 by record.mjs.
const recorded = JSON.parse(
  readFileSync(new URL('../../../golden/etcd34wire.json', import.meta.url), 'utf8'),
) as Spoken[];

describe('what is said on a connection is what etcd 3.4 says', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(undefined, { cors: ['*'] });
  });
  afterAll(() => served.server.close());

  test.each(recorded)('$name', async ({ bytes, want }) => {
    const sent = bytes.replaceAll('{index}', String(served.server.keyspace.index));
    expect(plainAnswers(await converse(served, sent))).toEqual(want);
  });
});

test.each(['HTTP/2.0', 'HTTP/0.9', ''])('%j is a version that is not served', async (version) => {
  await using served = await serve();
  const answer = await converse(served, `PUT /v2/keys/a?value=1 ${version}\r\nHost: x\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 (505|400) /);
  expect(served.server.keyspace.index).toBe(3);
});
