import { reserve, spend } from './budget.ts';
import { Builder } from './builder.ts';

/**
 * The values that a template can hold, modelled after Go's reflect: a value, and a static type where Go would have one.
 *
 * Go            here
 * -----------   -----------------------------------------------------------------
 * no value      undefined      (Go's zero reflect.Value; prints "<no value>")
 * nil interface null           (JSON null inside a container, before a pipeline ends)
 * bool          boolean
 * int           bigint         (always wrapped to 64 bits by whoever computes one)
 * float64       number
 * string        string         (a byte string: every char code is 0..255, one per byte)
 * the rest      an object with a `type`: Slice, GoMap, Num, Complex, Pointer, Func, or a struct
 */
export type Kind =
  | 'invalid'
  | 'bool'
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'uintptr'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128'
  | 'string'
  | 'slice'
  | 'array'
  | 'map'
  | 'struct'
  | 'ptr'
  | 'func'
  | 'interface';

/** A Go type; `name` is what %T prints. Types are compared by identity: create each one once. */
export interface Type {
  readonly kind: Kind;
  readonly name: string;
  readonly path?: string; // the name with the whole path of its package, where that is longer
  readonly elem?: Type; // slice, array, map, ptr
  readonly key?: Type; // map
  readonly fields?: readonly Field[]; // struct, in declaration order
  readonly methods?: ReadonlyMap<string, Method>; // callable on a value of this type
  readonly signature?: Signature; // func
}

export interface Field {
  readonly name: string;
  readonly type: Type;
  get(of: Struct): Value;
}

export interface Signature {
  readonly params: readonly Type[]; // for a variadic function the last one is the element type
  readonly variadic: boolean;
  readonly result: Type;
}

export interface Method extends Signature {
  /** Why templates cannot call it: too few or too many results. */
  readonly unfit?: string;
  call(receiver: Value, args: readonly Value[]): Value;
}

/** Any value that is not a JavaScript primitive. */
export interface Typed {
  readonly type: Type;
}

/** A struct: any object whose type has the kind 'struct'; its fields are read through type.fields only. */
export type Struct = Typed;

export type Value = undefined | null | boolean | bigint | number | string | Typed;

/** A slice or array: a part of a shared backing array, so that in-place functions change it for every alias. */
export class Slice implements Typed {
  constructor(
    readonly type: Type,
    readonly array: Value[] | null, // null: a nil slice
    readonly offset = 0,
    readonly length = array === null ? 0 : array.length,
    readonly capacity = array === null ? 0 : array.length - offset,
  ) {}
  at(index: number): Value {
    return this.array![this.offset + index];
  }
}

/**
 * A map; with `entries` null, a nil map. Keys are Go values that JavaScript compares as Go does (string, bigint, …).
 */
export class GoMap implements Typed {
  constructor(
    readonly type: Type,
    readonly entries: Map<Value, Value> | null,
  ) {}
}

/** A number of a kind without its own JavaScript type, or of a named type (time.Month, time.Duration). */
export class Num implements Typed {
  constructor(
    readonly type: Type,
    readonly value: bigint | number,
  ) {}
}

/** A complex number. */
export class Complex implements Typed {
  constructor(
    readonly type: Type,
    readonly re: number,
    readonly im: number,
  ) {}
}

/** A pointer; `target` null is a nil pointer. */
export class Pointer implements Typed {
  constructor(
    readonly type: Type,
    readonly target: Struct | null,
  ) {}
}

/** A function that templates can call. It throws GoError for an error that Go's function would return. */
export class Func implements Typed {
  constructor(
    readonly type: Type, // kind 'func', with its signature
    readonly call: (args: readonly Value[]) => Value,
  ) {}
}

/** Names come from outside, so the table is a Map or similar, never an object. */
export type FuncMap = Pick<ReadonlyMap<string, Func>, 'get' | 'has' | 'keys'>;

/** An error that a Go function would return; any other error is a bug in our code. */
export class GoError extends Error {
  override readonly name = 'GoError';
}

const InvalidType: Type = { kind: 'invalid', name: '<nil>' };
export const BoolType: Type = { kind: 'bool', name: 'bool' };
export const IntType: Type = { kind: 'int', name: 'int' };
export const Int64Type: Type = { kind: 'int64', name: 'int64' };
export const Uint8Type: Type = { kind: 'uint8', name: 'uint8' };
export const Uint16Type: Type = { kind: 'uint16', name: 'uint16' };
export const Float64Type: Type = { kind: 'float64', name: 'float64' };
export const Complex128Type: Type = { kind: 'complex128', name: 'complex128' };
export const StringType: Type = { kind: 'string', name: 'string' };
export const InterfaceType: Type = { kind: 'interface', name: 'interface {}' };
export const ErrorType: Type = { kind: 'interface', name: 'error' };

const slices = new Map<Type, Type>();
/** []elem; the same object each time. */
export function sliceOf(elem: Type): Type {
  let type = slices.get(elem);
  if (type === undefined) slices.set(elem, (type = { kind: 'slice', name: `[]${elem.name}`, elem }));
  return type;
}

const maps = new Map<Type, Map<Type, Type>>();
/** map[key]elem; the same object each time. */
export function mapOf(key: Type, elem: Type): Type {
  let byElem = maps.get(key);
  if (byElem === undefined) maps.set(key, (byElem = new Map<Type, Type>()));
  let type = byElem.get(elem);
  if (type === undefined) byElem.set(elem, (type = { kind: 'map', name: `map[${key.name}]${elem.name}`, key, elem }));
  return type;
}

const pointers = new Map<Type, Type>();
/** *elem; the same object each time. */
export function pointerTo(elem: Type): Type {
  let type = pointers.get(elem);
  if (type === undefined) pointers.set(elem, (type = { kind: 'ptr', name: `*${elem.name}`, elem }));
  return type;
}

export const StringsType: Type = sliceOf(StringType);
export const IntsType: Type = sliceOf(IntType);
export const AnysType: Type = sliceOf(InterfaceType);
const BytesType: Type = sliceOf(Uint8Type);
export const StringMapType: Type = mapOf(StringType, InterfaceType);

/** Every byte as a value. */
const byteValues = Array.from({ length: 256 }, (_, byte) => new Num(Uint8Type, BigInt(byte)));

/** The bytes of a text as []uint8. */
export function sliceOfBytes(text: string): Slice {
  reserve(8 * text.length);
  spend(text.length);
  return new Slice(
    BytesType,
    Array.from(text, (char) => byteValues[char.charCodeAt(0)]!),
  );
}

/** The text that a slice of bytes holds. */
export function bytesOf(slice: Slice): string {
  const text = new Builder();
  for (let i = 0; i < slice.length; i++) {
    spend(1);
    text.add(String.fromCharCode(Number((slice.at(i) as Num).value)));
  }
  return text.toString();
}

/** The dynamic type of a value. */
export function typeOf(value: Value): Type {
  switch (typeof value) {
    case 'string':
      return StringType;
    case 'bigint':
      return IntType;
    case 'number':
      return Float64Type;
    case 'boolean':
      return BoolType;
    case 'undefined':
      return InvalidType;
    default:
      return value === null ? InterfaceType : value.type;
  }
}

/** A method whose results a template cannot take; only its error is visible. */
export function unfitMethod(name: string, params: readonly Type[], results: readonly Type[]): Method {
  const [, second] = results;
  const unfit =
    results.length === 2
      ? `invalid function signature for ${name}: second return value should be error; is ${second!.name}`
      : `function ${name} has ${results.length} return values; should be 1 or 2`;
  return { params, variadic: false, result: InvalidType, unfit, call: () => undefined };
}

/** Makes a function for a FuncMap; for a variadic one, the last parameter is the element type. */
export function func(params: readonly Type[], result: Type, call: (...args: never[]) => Value): Func {
  return makeFunc(params, false, result, call);
}

/** Like func, for `f(a, b ...T)`. */
export function variadicFunc(params: readonly Type[], result: Type, call: (...args: never[]) => Value): Func {
  return makeFunc(params, true, result, call);
}

function makeFunc(params: readonly Type[], variadic: boolean, result: Type, call: (...args: never[]) => Value): Func {
  const shown = params.map((p, i) => (variadic && i === params.length - 1 ? `...${p.name}` : p.name)).join(', ');
  const type: Type = {
    kind: 'func',
    name: `func(${shown}) ${result.name}`,
    signature: { params, variadic, result },
  };
  return new Func(type, (args) => call(...(args as never[])));
}
