/** The function set of the golden template rows: the twin of test/golden/sample/sample.go. */
import {
  AnysType,
  BoolType,
  Complex128Type,
  ErrorType,
  Float64Type,
  func,
  GoError,
  GoMap,
  Int64Type,
  InterfaceType,
  IntsType,
  IntType,
  mapOf,
  Pointer,
  pointerTo,
  Slice,
  sliceOf,
  StringMapType,
  StringsType,
  StringType,
  Uint16Type,
  Uint8Type,
  variadicFunc,
} from '../../src/go/value.ts';
import type { Field, Func, Kind, Method, Struct, Type, Value } from '../../src/go/value.ts';
import { KVPair, KVPairsType, KVPairType } from '../../src/mirror/pair.ts';
import { decodeValue } from '../../src/go/json.ts';
import { toUpper } from '../../src/go/strings.ts';
import { DurationType, goDuration, goTime, TimeType } from '../../src/go/time.ts';
import { UTC } from '../../src/go/time-zone.ts';

/** A struct of the rows: its values by field name. */
interface Item extends Struct {
  readonly values: ReadonlyMap<string, Value>;
}

function fields(types: FieldTypes): Field[] {
  return types.map(([name, type]) => ({ name, type, get: (of) => (of as Item).values.get(name) }));
}
type FieldTypes = readonly (readonly [name: string, type: Type])[];

const valueOf = (receiver: Value, name: string): Value => (receiver as Item).values.get(name);
const method = (params: Type[], result: Type, call: Method['call']): Method => ({
  params,
  variadic: false,
  result,
  call,
});

const TempType: Type = {
  kind: 'struct',
  name: 'sample.Temp',
  path: 'golden/sample.Temp',
  fields: fields([
    ['Name', StringType],
    ['N', IntType],
    ['Any', InterfaceType],
    ['hidden', StringType],
  ]),
  methods: new Map([
    ['Hello', method([], StringType, (temp) => `hello ${valueOf(temp, 'Name') as string}`)],
    [
      'Add',
      method([IntType], IntType, (temp, [n]) => BigInt.asIntN(64, (valueOf(temp, 'N') as bigint) + (n as bigint))),
    ],
    [
      'Fail',
      method([], StringType, (temp) => {
        throw new GoError(`failed: ${valueOf(temp, 'Name') as string}`);
      }),
    ],
    [
      'Join',
      {
        ...method([StringType, StringType], StringType, (_temp, [sep, ...parts]) =>
          (parts as string[]).join(sep as string),
        ),
        variadic: true,
      },
    ],
    ['Nothing', method([], InterfaceType, () => null)],
  ]),
};
const TempPointerType: Type = {
  ...pointerTo(TempType),
  methods: new Map([['Self', method([], pointerTo(TempType), (temp) => temp)]]),
};

const makePair = (key: string, value: string): KVPair => new KVPair(key, value);
const makeTemp = (name: string, n: bigint): Item => ({
  type: TempType,
  values: new Map<string, Value>([
    ['Name', name],
    ['N', n],
    ['Any', null],
    ['hidden', ''],
  ]),
});

function couples<T>(values: readonly T[]): [T, T][] {
  return values.flatMap((value, i) =>
    i % 2 === 0 && i + 1 < values.length ? [[value, values[i + 1]!] as [T, T]] : [],
  );
}

function makeMap(...values: Value[]): GoMap {
  if (values.length % 2 !== 0) throw new GoError('odd number of arguments');
  const entries = new Map<Value, Value>();
  for (const [key, value] of couples(values)) {
    if (typeof key !== 'string') throw new GoError('keys must be strings');
    entries.set(key, value);
  }
  return new GoMap(StringMapType, entries);
}

const store = new Map([
  ['/a', '1'],
  ['/b', 'two'],
  ['/empty', ''],
  ['/odd%', '50%'],
]);

function getv(key: string, ...others: string[]): string {
  const value = store.get(key) ?? others[0];
  if (value === undefined) throw new GoError(`key does not exist: ${key}`);
  return value;
}

function seq(first: bigint, last: bigint): Slice {
  const all: Value[] = [];
  for (let i = first; i <= last && all.length < 1000; i++) all.push(i);
  return new Slice(IntsType, all.length === 0 ? null : all);
}

const variadic = (elem: Type, type: Type) =>
  variadicFunc([elem], type, (...values: Value[]) => new Slice(type, values));
const identity = (type: Type) => func([type], type, (value: Value) => value);
const PairPointer = pointerTo(KVPairType);
const StringPairs = mapOf(StringType, StringType);
const IntNames = mapOf(IntType, StringType);
const scalar = (kind: Kind): Type => ({ kind, name: kind });
const size = (value: Slice) => BigInt(value.length);
/** 2026-11-22 07:08:09.123456789 UTC. */
const instant = 1_795_331_289_123_456_789n;
const adder = func([IntType], IntType, (n: bigint) => BigInt.asIntN(64, n + 1n));

export const templateFuncs = new Map<string, Func>([
  ['add', func([IntType, IntType], IntType, (a: bigint, b: bigint) => BigInt.asIntN(64, a + b))],
  ['any', identity(InterfaceType)],
  [
    'div',
    func([IntType, IntType], IntType, (a: bigint, b: bigint) => {
      if (b === 0n) throw new GoError('runtime error: integer divide by zero');
      return a / b;
    }),
  ],
  [
    'fail',
    func([StringType], StringType, (text: string) => {
      throw new GoError(text);
    }),
  ],
  ['fn', func([], adder.type, () => adder)],
  [
    'join',
    func([StringsType, StringType], StringType, (list: Slice, sep: string) => {
      return Array.from({ length: list.length }, (_, i) => list.at(i) as string).join(sep);
    }),
  ],
  ['getv', variadicFunc([StringType, StringType], StringType, getv)],
  ['ints', variadic(IntType, IntsType)],
  ['list', variadic(InterfaceType, AnysType)],
  ['map', variadicFunc([InterfaceType], StringMapType, makeMap)],
  [
    'smap',
    variadicFunc(
      [StringType],
      StringPairs,
      (...v: string[]) => new GoMap(StringPairs, new Map<Value, Value>(couples(v))),
    ),
  ],
  [
    'imap',
    variadicFunc([IntType], IntNames, (...keys: bigint[]) => {
      return new GoMap(IntNames, new Map<Value, Value>(keys.map((key) => [key, `v ${key}`.replace(' ', '')])));
    }),
  ],
  ['nilany', func([], InterfaceType, () => null)],
  ['nilmap', func([], StringMapType, () => new GoMap(StringMapType, null))],
  ['nilpair', func([], PairPointer, () => new Pointer(PairPointer, null))],
  ['niltemp', func([], TempPointerType, () => new Pointer(TempPointerType, null))],
  ['nilstrs', func([], StringsType, () => new Slice(StringsType, null))],
  ['pair', func([StringType, StringType], KVPairType, makePair)],
  [
    'pairs',
    variadicFunc([StringType], KVPairsType, (...v: string[]) => {
      return new Slice(
        KVPairsType,
        couples(v).map(([key, value]) => makePair(key, value)),
      );
    }),
  ],
  [
    'ppair',
    func([StringType, StringType], PairPointer, (k: string, v: string) => new Pointer(PairPointer, makePair(k, v))),
  ],
  ['seq', func([IntType, IntType], IntsType, seq)],
  ['strs', variadic(StringType, StringsType)],
  ['temp', func([StringType, IntType], TempType, makeTemp)],
  [
    'ptemp',
    func([StringType, IntType], TempPointerType, (name: string, n: bigint) => {
      return new Pointer(TempPointerType, makeTemp(name, n));
    }),
  ],
  ['upper', func([StringType], StringType, toUpper)],
  ['date', func([], TimeType, () => goTime(instant, UTC))],
  ['dur', func([IntType], DurationType, (n: bigint) => goDuration(n))],
  ['json', func([StringType], InterfaceType, decodeValue)],
  ['i16', identity(scalar('int16'))],
  ['i32', identity(scalar('int32'))],
  ['uint', identity(scalar('uint'))],
  ['c64', identity(scalar('complex64'))],
  ['i8', identity(scalar('int8'))],
  ['i64', identity(Int64Type)],
  ['u8', identity(Uint8Type)],
  ['u16', identity(Uint16Type)],
  ['u64', identity(scalar('uint64'))],
  ['f32', identity(scalar('float32'))],
  ['f64', identity(Float64Type)],
  ['c128', identity(Complex128Type)],
  ['bool', identity(BoolType)],
  ['takeInts', func([IntsType], IntType, size)],
  ['takePairs', func([sliceOf(KVPairType)], IntType, size)],
  ['takePair', func([KVPairType], StringType, (pair: KVPair) => pair.key)],
  ['takeMap', func([StringMapType], IntType, (map: GoMap) => BigInt(map.entries?.size ?? 0))],
  ['takePtr', func([PairPointer], BoolType, (pointer: Pointer) => pointer.target === null)],
  ['takeErr', func([ErrorType], BoolType, (error: Value) => error === null)],
  ['takeList', func([AnysType], IntType, size)],
]);
