/** Go values out of the rows of test/golden: the twin of encode in test/golden/govalue.go. */
import { DurationType, MonthType, WeekdayType } from '../../src/go/time.ts';
import {
  BoolType,
  Complex,
  Complex128Type,
  Float64Type,
  func,
  GoError,
  GoMap,
  InterfaceType,
  IntType,
  mapOf,
  Num,
  Pointer,
  pointerTo,
  Slice,
  sliceOf,
  StringType,
} from '../../src/go/value.ts';
import type { Kind, Method, Struct, Type, Value } from '../../src/go/value.ts';

export type Encoded = null | boolean | number | string | { readonly t: string; readonly v: unknown };

/** A struct of the rows: its values in the order of its type's fields. */
interface Row extends Struct {
  readonly values: readonly Value[];
}

const int = (name: string): Type => ({ kind: name as Kind, name });

const types = new Map<string, Type>(
  [BoolType, IntType, Float64Type, StringType, InterfaceType, Complex128Type, MonthType, WeekdayType, DurationType].map(
    (type) => [type.name, type],
  ),
);
const scalars = 'int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 complex64';
for (const name of scalars.split(' ')) types.set(name, int(name));

/** A String, Error or GoString method. */
function says(text: (receiver: Value) => string): Method {
  return { params: [], variadic: false, result: StringType, call: text };
}

const field = (receiver: Value, i: number): Value => (receiver as Row).values[i];
const levelName = (level: Value): string => 'level-' + String.fromCharCode(97 + Number((level as Num).value));
const levelType: Type = { kind: 'int', name: 'main.level', methods: new Map([['String', says(levelName)]]) };
types.set(levelType.name, levelType);

function struct(name: string, fields: readonly [name: string, type: string][], methods?: [string, Method][]): void {
  types.set(name, {
    kind: 'struct',
    name,
    fields: fields.map(([fieldName, type], i) => ({
      name: fieldName,
      type: typeNamed(type),
      get: (of: Struct) => (of as Row).values[i],
    })),
    methods: new Map(methods),
  });
}

struct('main.pair', [
  ['Key', 'string'],
  ['Value', 'string'],
]);
struct('main.mixed', [
  ['A', 'interface {}'],
  ['b', 'interface {}'],
  ['C', '[]int'],
  ['D', 'map[string]interface {}'],
  ['E', '*main.pair'],
]);
struct('struct { A int; B string }', [
  ['A', 'int'],
  ['B', 'string'],
]);
struct(
  'main.fault',
  [['Code', 'int']],
  [
    ['Error', says((receiver) => `fault ${field(receiver, 0) as bigint}`)],
    ['String', says(() => 'not this')],
  ],
);
const boom = says(() => {
  throw new GoError('boom');
});
struct('main.panicky', [['N', 'int']], [['String', boom]]);
const gopherName = says((receiver) => `gopher(${field(receiver, 0) as string})`);
struct('main.gopher', [['Name', 'string']], [['GoString', gopherName]]);
struct('main.wrapper', [
  ['Level', 'main.level'],
  ['hidden', 'main.level'],
  ['Fault', 'interface {}'],
]);

/** The type that Go spells this way. */
export function typeNamed(name: string): Type {
  let type = types.get(name);
  if (type === undefined) types.set(name, (type = makeType(name)));
  return type;
}

function makeType(name: string): Type {
  if (name.startsWith('[]')) return sliceOf(typeNamed(name.slice(2)));
  if (name.startsWith('*')) return pointerTo(typeNamed(name.slice(1)));
  const array = /^\[\d+\](.*)$/.exec(name);
  if (array) return { kind: 'array', name, elem: typeNamed(array[1]!) };
  const map = /^map\[([^\]]*)\](.*)$/.exec(name);
  if (map) return mapOf(typeNamed(map[1]!), typeNamed(map[2]!));
  throw new Error(`no type ${name} in the rows' vocabulary`);
}

/** The value that a row holds. */
export function decode(encoded: Encoded): Value {
  if (typeof encoded === 'number') return BigInt(encoded);
  if (encoded === null || typeof encoded !== 'object') return encoded;
  const type = typeNamed(encoded.t);
  return decodeTyped(type, encoded.v);
}

function decodeTyped(type: Type, v: unknown): Value {
  switch (type.kind) {
    case 'bool':
    case 'string':
      return v as boolean | string;
    case 'slice':
    case 'array':
      return new Slice(type, v === null ? null : (v as Encoded[]).map(decode));
    case 'map':
      return new GoMap(type, v === null ? null : decodeEntries(v as [Encoded, Encoded][]));
    case 'struct':
      return { type, values: (v as Encoded[]).map(decode) } as Row;
    case 'ptr':
      return new Pointer(type, v === null ? null : (decode(v as Encoded) as Struct));
    case 'complex64':
    case 'complex128':
      return new Complex(type, float((v as string[])[0]!), float((v as string[])[1]!));
    case 'func':
      return func([], type, () => null);
    default:
      return decodeNumber(type, v as string);
  }
}

/** Map keys that JavaScript would compare by identity are only ever looked up by the same object here. */
function decodeEntries(entries: readonly [Encoded, Encoded][]): Map<Value, Value> {
  return new Map(entries.map(([key, value]) => [decode(key), decode(value)]));
}

function decodeNumber(type: Type, text: string): Value {
  if (type === Float64Type) return float(text);
  if (type === IntType) return BigInt(text);
  return new Num(type, type.kind === 'float32' ? float(text) : BigInt(text));
}

function float(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
