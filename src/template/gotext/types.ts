import { Complex, Float64Type, Func, GoMap, InterfaceType, IntType, Num, Pointer, Slice } from '../../go/value.ts';
import type { Kind, Type, Value } from '../../go/value.ts';

/** The parameter type of builtins that take a value unconverted, even no value. */
export const ReflectType: Type = { kind: 'struct', name: 'reflect.Value' };

/** The size in bits of integer kinds; uint and int have 64. */
export const intBits: ReadonlyMap<Kind, number> = new Map([
  ['int', 64],
  ['int8', 8],
  ['int16', 16],
  ['int32', 32],
  ['int64', 64],
]);

/** The size in bits of unsigned kinds. */
export const uintBits: ReadonlyMap<Kind, number> = new Map([
  ['uint', 64],
  ['uint8', 8],
  ['uint16', 16],
  ['uint32', 32],
  ['uint64', 64],
  ['uintptr', 64],
]);

const isNamed = (type: Type) => !/^(\[|map\[|\*|func\()/.test(type.name);

/** Whether a value of type `from` may be assigned to `to`, as in Go. */
export function isAssignable(from: Type, to: Type): boolean {
  if (from === to) return true;
  if (to.kind === 'interface') return to === InterfaceType || from.methods?.has('Error') === true;
  if (from.kind !== to.kind || (isNamed(from) && isNamed(to))) return false;
  switch (from.kind) {
    case 'slice':
    case 'ptr':
      return from.elem === to.elem;
    case 'map':
      return from.elem === to.elem && from.key === to.key;
    default:
      return false;
  }
}

/** Whether nil is a value of the type. */
export function canBeNil(type: Type): boolean {
  return ['func', 'interface', 'map', 'ptr', 'slice'].includes(type.kind) || type === ReflectType;
}

/** The zero value of a type; no value for a struct, which cannot be created here. */
export function zeroOf(type: Type): Value {
  if (type === ReflectType) return undefined;
  switch (type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'interface':
      return null;
    case 'slice':
      return new Slice(type, null);
    case 'map':
      return new GoMap(type, null);
    case 'ptr':
      return new Pointer(type, null);
    case 'func':
      return new Func(type, () => undefined);
    case 'complex64':
    case 'complex128':
      return new Complex(type, 0, 0);
    case 'float32':
    case 'float64':
      return makeFloat(type, 0);
    default:
      return intBits.has(type.kind) || uintBits.has(type.kind) ? makeInt(type, 0n) : undefined;
  }
}

/** An integer of the type, wrapped to its size. */
export function makeInt(type: Type, value: bigint): Value {
  const bits = intBits.get(type.kind);
  const wrapped = bits === undefined ? BigInt.asUintN(uintBits.get(type.kind)!, value) : BigInt.asIntN(bits, value);
  return type === IntType ? wrapped : new Num(type, wrapped);
}

/** A float of the type, rounded to its size. */
export function makeFloat(type: Type, value: number): Value {
  if (type === Float64Type) return value;
  return new Num(type, type.kind === 'float32' ? Math.fround(value) : value);
}

/** The integer in a value of an integer kind; undefined for every other value. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof Num && typeof value.value === 'bigint' ? value.value : undefined;
}

/** The value that a pointer points to; nil pointers and other values unchanged. */
export function indirect(value: Value): Value {
  return value instanceof Pointer && value.target !== null ? value.target : value;
}

/**
 * The value to print: the value that a pointer points to, unless only the pointer has the method that returns its text.
 */
export function printable(value: Value): Value {
  if (!(value instanceof Pointer)) return value;
  const { methods } = value.type;
  return methods?.has('Error') === true || methods?.has('String') === true ? value : indirect(value);
}

/** Whether a value is a nil pointer or nil interface. */
export function isNilPointer(value: Value): boolean {
  return value === null || (value instanceof Pointer && value.target === null);
}

/** Whether if and with treat a value as true. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0; // NaN is true
    default:
      return value !== undefined && value !== null && isTrueObject(value);
  }
}

function isTrueObject(value: object): boolean {
  if (value instanceof Slice) return value.length > 0;
  if (value instanceof GoMap) return value.entries !== null && value.entries.size > 0;
  if (value instanceof Num) return typeof value.value === 'bigint' ? value.value !== 0n : value.value !== 0;
  if (value instanceof Complex) return value.re !== 0 || value.im !== 0;
  return !(value instanceof Pointer) || value.target !== null;
}

/** A complex number of the type. */
export function makeComplex(type: Type, [re, im]: readonly [number, number]): Value {
  const round = type.kind === 'complex64' ? Math.fround : (x: number) => x;
  return new Complex(type, round(re), round(im));
}
