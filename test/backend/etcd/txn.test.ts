import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, test } from '@jest/globals';
import { decodeTxn, type TxnAnswer } from '../../../src/backend/etcd/txn.ts';

// What etcd's own description of its messages makes of an answer.
const proto = join(dirname(createRequire(import.meta.url).resolve('etcd3/package.json')), 'proto', 'rpc.proto');
const service = loadSync(proto, { keepCase: true, longs: String })['etcdserverpb.KV'] as ServiceDefinition;
const { responseSerialize } = service['Txn'] as MethodDefinition<object, object>;

interface Written {
  readonly header: { cluster_id: string; member_id: string; revision: string; raft_term: string };
  readonly ranges: readonly { readonly kvs: readonly object[]; readonly more: boolean; readonly count: string }[];
}

const encode = ({ header, ranges }: Written) =>
  responseSerialize({
    header,
    succeeded: true,
    responses: ranges.map((range) => ({ response_range: { header, ...range } })),
  });

const header = { cluster_id: '14841639068965178418', member_id: '18446744073709551615', revision: '7', raft_term: '2' };
const pair = (key: string, value: string, revision = '5') => ({
  key: Buffer.from(key, 'latin1'),
  value: Buffer.from(value, 'latin1'),
  create_revision: '3',
  mod_revision: revision,
  version: '2',
  lease: '7587848391234567890',
});
const allBytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));

describe('an answer to a transaction', () => {
  test.each<[string, Written, TxnAnswer['responses']]>([
    ['no responses', { header, ranges: [] }, []],
    [
      'an empty range',
      { header, ranges: [{ kvs: [], more: false, count: '0' }] },
      [{ pairs: [], more: false, count: 0 }],
    ],
    [
      'keys and values of any bytes, and none',
      { header, ranges: [{ kvs: [pair(allBytes, allBytes), pair('/k', '')], more: true, count: '1000000' }] },
      [
        {
          pairs: [
            { key: allBytes, value: allBytes, created: 3, modified: 5 },
            { key: '/k', value: '', created: 3, modified: 5 },
          ],
          more: true,
          count: 1_000_000,
        },
      ],
    ],
    [
      'revisions that need more than 32 bits',
      { header, ranges: [{ kvs: [pair('k', 'v', '9007199254740991')], more: false, count: '1' }] },
      [{ pairs: [{ key: 'k', value: 'v', created: 3, modified: 9_007_199_254_740_991 }], more: false, count: 1 }],
    ],
  ])('%s', (_name, written, responses) => {
    const bytes = encode(written);
    expect(decodeTxn(bytes)).toEqual({ header, responses, bytes: bytes.length });
  });

  test('what is no range is no answer: an empty one would say that the keys are gone', () => {
    const bytes = responseSerialize({ header, responses: [{ response_put: { header, prev_kv: pair('k', 'v') } }] });
    expect(() => decodeTxn(bytes)).toThrow('the answer is not that of a range request');
    expect(() => decodeTxn(responseSerialize({ header, responses: [{}] }))).toThrow(
      'the answer is not that of a range request',
    );
  });

  test('what has no header is no answer', () => {
    expect(() => decodeTxn(Buffer.alloc(0))).toThrow('the answer has no header');
  });

  test.each([
    ['a length', Buffer.from([0x7a, ...Array<number>(200).fill(0x80), 0])],
    ['a number', Buffer.from([0x78, ...Array<number>(1_000_000).fill(0x80), 0])],
    ['an id', Buffer.from([0x0a, 0xc9, 0x01, 0x08, ...Array<number>(200).fill(0x80)])],
  ])('%s of more than 64 bits', (_name, junk) => {
    expect(() => decodeTxn(Buffer.concat([junk, encode({ header, ranges: [] })]))).toThrow('more than 64 bits');
  });

  test('fields of a later etcd are passed over', () => {
    const later = Buffer.from([0x78, 0x80, 0x01, 0x7a, 2, 9, 9, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8]);
    const bytes = Buffer.concat([later, encode({ header, ranges: [] })]);
    expect(decodeTxn(bytes).header).toEqual(header);
  });

  test('an answer that is cut short anywhere is an error, or has all that came before the cut', () => {
    const whole = encode({
      header,
      ranges: [{ kvs: [pair('/a', '1'), pair('/b', 'x'.repeat(300))], more: false, count: '2' }],
    });
    const ends = Array.from({ length: whole.length }, (_, length) => length).filter((length) => {
      try {
        decodeTxn(whole.subarray(0, length));
        return true;
      } catch (error) {
        expect((error as Error).message).toMatch(/^the answer /);
        return false;
      }
    });
    // Between the fields of the outermost message nothing tells that more was meant to come.
    const responsesAt = whole.length - (encodeLength(whole) ?? 0);
    expect(ends).toEqual([responsesAt - 2, responsesAt]);
  });

  test.each([
    ['a length beyond the end', [0x1a, 0x7f, 0x00]],
    ['a length without end', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a field that reaches out of its message', [0x1a, 0x02, 0x0a, 0x05, 0x12, 0x03, 0x0a, 0x01, 0x61]],
    ['a group, which is of long ago', [0x1b]],
  ])('%s is an error', (_name, bytes) => {
    expect(() => decodeTxn(Buffer.from(bytes))).toThrow(/^the answer /);
  });

  const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
  test(`any bytes are read to an end (SEED=${seed})`, () => {
    let state = seed;
    const random = (below: number) => (state = (state * 48271 + 11) % 2147483647) % below;
    const whole = encode({
      header,
      ranges: [{ kvs: Array.from({ length: 40 }, (_, n) => pair(`/k${n}`, 'v')), more: true, count: '41' }],
    });
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(whole);
      for (let flips = random(4); flips >= 0; flips--) bytes[random(bytes.length)]! ^= 1 << random(8);
      try {
        decodeTxn(bytes);
      } catch (error) {
        expect((error as Error).message).toMatch(/^the answer /);
      }
    }
  });
});

/** The length of what is after the header and the success mark: one response. */
function encodeLength(whole: Buffer): number | undefined {
  const headerEnd = 2 + whole[1]!;
  return whole.length - headerEnd - 2;
}
