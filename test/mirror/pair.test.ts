import { expect, test } from '@jest/globals';
import { Slice } from '../../src/go/value.ts';
import { KVPair, KVPairsType } from '../../src/mirror/pair.ts';

test('a pair is a struct of two fields', () => {
  const pair = new KVPair('/k', 'v');
  expect(pair.type.fields?.map((field) => [field.name, field.get(pair)])).toEqual([
    ['Key', '/k'],
    ['Value', 'v'],
  ]);
});

test('pairs can be measured and compared by key', () => {
  const pairs = new Slice(KVPairsType, [new KVPair('/a', '2'), new KVPair('/b', '1')]);
  const method = (name: string, ...args: bigint[]) => KVPairsType.methods?.get(name)?.call(pairs, args);
  expect([method('Len'), method('Less', 0n, 1n), method('Less', 1n, 0n), method('Less', 1n, 1n)]).toEqual([
    2n,
    true,
    false,
    false,
  ]);
});
