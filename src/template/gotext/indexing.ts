import { GoError, GoMap, Slice, typeOf, Uint8Type } from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import { canBeNil, indirect, integerOf, isAssignable, isNilPointer, makeInt, zeroOf } from './types.ts';
import { intBits, uintBits } from './types.ts';

/** len: bytes of a string, elements of a slice or map. */
export function length(item: Value): bigint {
  const target = indirect(item);
  if (isNilPointer(target)) throw new GoError('len of nil pointer');
  if (typeof target === 'string') return BigInt(target.length);
  if (target instanceof Slice) return BigInt(target.length);
  if (target instanceof GoMap) return BigInt(target.entries?.size ?? 0);
  if (target === undefined) throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  throw new GoError(`len of type ${typeOf(target).name}`);
}

/** Converts a value to an argument or map key of a type; integers are converted, unlike in a plain call. */
export function prepare(value: Value, type: Type): Value {
  if (value === undefined || value === null) {
    if (!canBeNil(type)) throw new GoError(`value is nil; should be of type ${type.name}`);
    return zeroOf(type);
  }
  if (isAssignable(typeOf(value), type)) return value;
  const integer = integerOf(value);
  if (integer !== undefined && (intBits.has(type.kind) || uintBits.has(type.kind))) return makeInt(type, integer);
  throw new GoError(`value has type ${typeOf(value).name}; should be ${type.name}`);
}

/** index: item[i][j]… in slices, strings and maps; a missing key gives the zero value. */
export function index(item: Value, indexes: readonly Value[]): Value {
  if (item === undefined || item === null) throw new GoError('index of untyped nil');
  let target: Value = item;
  for (const at of indexes) {
    target = indirect(target);
    if (isNilPointer(target)) throw new GoError('index of nil pointer');
    target = indexOnce(target, at ?? undefined);
  }
  return target;
}

function indexOnce(target: Value, at: Value): Value {
  if (target instanceof Slice) {
    const i = position(at, target.length);
    if (i === target.length) throw new GoError(`reflect: ${target.type.kind} index out of range`);
    return target.at(i);
  }
  if (target instanceof GoMap) {
    const key = prepare(at, target.type.key!);
    const value = target.entries?.get(key);
    return value === undefined ? zeroOf(target.type.elem!) : value;
  }
  if (typeof target === 'string') {
    const i = position(at, target.length);
    if (i === target.length) throw new GoError('reflect: string index out of range');
    return makeInt(Uint8Type, BigInt(target.charCodeAt(i)));
  }
  throw new GoError(`can't index item of type ${typeOf(target).name}`);
}

/** Checks an index; the one after the last element is allowed, since a slice may end there. */
function position(at: Value, limit: number): number {
  if (at === undefined) throw new GoError('cannot index slice/array with nil');
  const integer = integerOf(at);
  if (integer === undefined) throw new GoError(`cannot index slice/array with type ${typeOf(at).name}`);
  const signed = BigInt.asIntN(64, integer);
  if (signed < 0n || signed > BigInt(limit)) throw new GoError(`index out of range: ${signed.toString()}`);
  return Number(signed);
}

/** slice: item[i:j:k] of a string or slice. */
export function slice(item: Value, indexes: readonly Value[]): Value {
  if (item === undefined || item === null) throw new GoError('slice of untyped nil');
  const target = indirect(item);
  if (isNilPointer(target)) throw new GoError('slice of nil pointer');
  if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
  if (typeof target === 'string') {
    if (indexes.length === 3) throw new GoError('cannot 3-index slice a string');
    const [from, to] = bounds(indexes, target.length, target.length);
    return target.slice(from, to);
  }
  if (!(target instanceof Slice)) throw new GoError(`can't slice item of type ${typeOf(target).name}`);
  const [from, to, end] = bounds(indexes, target.length, target.capacity);
  if (target.type.kind === 'array') {
    throw new GoError(`reflect.Value.Slice${indexes.length === 3 ? '3' : ''}: slice of unaddressable array`);
  }
  return new Slice(target.type, target.array, target.offset + from, to - from, end - from);
}

function bounds(indexes: readonly Value[], size: number, capacity: number): [number, number, number] {
  const given = indexes.map((at) => position(at, capacity));
  const [from = 0, to = size, end = capacity] = given;
  if (from > to) throw new GoError(`invalid slice index: ${from} > ${to}`);
  if (to > end) throw new GoError(`invalid slice index: ${to} > ${end}`);
  return [from, to, end];
}
