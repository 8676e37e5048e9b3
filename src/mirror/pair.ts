import { BoolType, GoError, IntType, StringType, unfitMethod } from '../go/value.ts';
import type { Method, Slice, Struct, Type, Typed } from '../go/value.ts';

/** One key and its value, as templates see it: a struct with the fields Key and Value. */
export class KVPair implements Typed {
  constructor(
    readonly key: string,
    readonly value: string,
  ) {}

  get type(): Type {
    return KVPairType;
  }
}

const pairOf = (struct: Struct): KVPair => struct as unknown as KVPair;

/** The type of a pair; messages show the names of these types, as in confd. */
export const KVPairType: Type = {
  kind: 'struct',
  name: 'memkv.KVPair',
  fields: [
    { name: 'Key', type: StringType, get: (of) => pairOf(of).key },
    { name: 'Value', type: StringType, get: (of) => pairOf(of).value },
  ],
};

/** The result type of gets: a named type, so it differs from the slice of pairs that sortKVByLength returns. */
export const KVPairsType: Type = {
  kind: 'slice',
  name: 'memkv.KVPairs',
  elem: KVPairType,
  methods: new Map<string, Method>([
    ['Len', { params: [], variadic: false, result: IntType, call: (of) => BigInt((of as Slice).length) }],
    ['Less', { params: [IntType, IntType], variadic: false, result: BoolType, call: less }],
    ['Swap', unfitMethod('Swap', [IntType, IntType], [])],
  ]),
};

function less(of: unknown, [i, j]: readonly unknown[]): boolean {
  return keyAt(of as Slice, i as bigint) < keyAt(of as Slice, j as bigint);
}

function keyAt(pairs: Slice, index: bigint): string {
  if (index >= 0n && index < BigInt(pairs.length)) return (pairs.at(Number(index)) as KVPair).key;
  const length = index < 0n ? '' : ` with length ${pairs.length}`;
  throw new GoError(`runtime error: index out of range [${index}]${length}`);
}
