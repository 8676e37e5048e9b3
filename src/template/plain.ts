import { fromText, toText } from '../go/bytes.ts';
import {
  AnysType,
  BoolType,
  Float64Type,
  type Func,
  func as goFunc,
  GoError,
  GoMap,
  InterfaceType,
  IntType,
  Slice,
  StringMapType,
  StringsType,
  StringType,
  type Type,
  type Value,
  variadicFunc as goVariadicFunc,
} from '../go/value.ts';

/**
 * JavaScript data for a template. Text becomes UTF-8 bytes, whole numbers become int, other numbers float64, a bigint
 * int; arrays become []interface {}, Maps and plain objects map[string]interface {}; null is nil.
 */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly Plain[]
  | ReadonlyMap<string, Plain>
  | { readonly [name: string]: Plain };

/** The types that a template function can declare, by their meaning in Go. */
export interface PlainTypes {
  readonly string: string;
  readonly int: bigint;
  readonly float64: number;
  readonly bool: boolean;
  readonly strings: readonly string[];
  readonly list: readonly Plain[];
  readonly map: ReadonlyMap<string, Plain>;
  readonly any: Plain;
}
export type PlainType = keyof PlainTypes;

const types: Readonly<Record<PlainType, Type>> = {
  string: StringType,
  int: IntType,
  float64: Float64Type,
  bool: BoolType,
  strings: StringsType,
  list: AnysType,
  map: StringMapType,
  any: InterfaceType,
};

type PlainArgs<P extends readonly PlainType[]> = { -readonly [K in keyof P]: PlainTypes[P[K]] };

/**
 * A function for templates, with the types of its parameters and result as in Go; the engine checks arguments. An error
 * that call throws becomes "error calling NAME: message".
 */
export function templateFunc<const P extends readonly PlainType[], R extends PlainType>(
  params: P,
  result: R,
  call: (...args: PlainArgs<P>) => PlainTypes[R],
): Func {
  return goFunc(
    params.map((name) => types[name]),
    types[result],
    wrap(result, call as unknown as AnyCall),
  );
}

/** Like templateFunc, for a function that takes any number of arguments of its last parameter's type. */
export function variadicTemplateFunc<P extends PlainType, R extends PlainType>(
  param: P,
  result: R,
  call: (...args: PlainTypes[P][]) => PlainTypes[R],
): Func {
  return goVariadicFunc([types[param]], types[result], wrap(result, call as unknown as AnyCall));
}

type AnyCall = (...args: readonly Plain[]) => Plain;

function wrap(result: PlainType, call: AnyCall): (...args: never[]) => Value {
  return (...args: readonly Value[]) => {
    let answer: Plain;
    try {
      answer = call(...args.map(toPlain));
    } catch (error) {
      throw new GoError(fromText(error instanceof Error ? error.message : String(error)));
    }
    return result === 'strings' ? stringSlice(answer as readonly string[]) : fromPlain(answer, result);
  };
}

function stringSlice(texts: readonly string[]): Slice {
  return new Slice(StringsType, texts.map(fromText));
}

/** Converts plain data to a template value; `as` decides the type of a number. Throws TypeError for other data. */
export function fromPlain(data: Plain, as: PlainType = 'any'): Value {
  switch (typeof data) {
    case 'string':
      return fromText(data);
    case 'number':
      return as !== 'float64' && Number.isSafeInteger(data) ? BigInt(data) : data;
    case 'bigint':
      return BigInt.asIntN(64, data);
    case 'boolean':
    case 'undefined':
      return data;
    case 'object':
      return fromObject(data);
    default:
      throw new TypeError(`a ${typeof data} is not plain data`);
  }
}

function fromObject(data: Exclude<Plain, string | number | bigint | boolean | undefined>): Value {
  if (data === null) return null;
  if (Array.isArray(data))
    return new Slice(
      AnysType,
      (data as readonly Plain[]).map((item) => fromPlain(item) ?? null),
    );
  const entries: Iterable<readonly [string, Plain]> =
    data instanceof Map ? (data as ReadonlyMap<string, Plain>) : Object.entries(data);
  const map = new Map<Value, Value>();
  for (const [name, value] of entries) map.set(fromText(name), fromPlain(value) ?? null);
  return new GoMap(StringMapType, map);
}

/** Converts a template value to plain data; structs and times are an error. */
function toPlain(value: Value): Plain {
  if (typeof value === 'string') return toText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Slice) return Array.from({ length: value.length }, (_, i) => toPlain(value.at(i)));
  if (value instanceof GoMap && value.type.key === StringType) {
    return new Map([...(value.entries ?? [])].map(([name, item]) => [toText(name as string), toPlain(item)]));
  }
  throw new Error(`a ${value.type.name} has no plain form`);
}
