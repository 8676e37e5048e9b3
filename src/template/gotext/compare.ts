import { sprintf } from '../../go/fmt.ts';
import { Complex, GoError, GoMap, Num, Pointer, Slice, typeOf } from '../../go/value.ts';
import type { Kind, Type, Typed, Value } from '../../go/value.ts';
import { intBits, uintBits } from './types.ts';

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string';

function basicKind(kind: Kind): BasicKind | null {
  if (kind === 'bool' || kind === 'string') return kind;
  if (intBits.has(kind)) return 'int';
  if (uintBits.has(kind)) return 'uint';
  if (kind === 'float32' || kind === 'float64') return 'float';
  return kind === 'complex64' || kind === 'complex128' ? 'complex' : null;
}

/** A value of a basic kind as a JavaScript value that compares as in Go. */
function plain(value: Value): Value {
  return value instanceof Num ? value.value : value;
}

const isInteger = (kind: BasicKind | null) => kind === 'int' || kind === 'uint';

function incompatible(a: Value, b: Value): GoError {
  return new GoError(`incompatible types for comparison: ${typeOf(a).name} and ${typeOf(b).name}`);
}

/** eq: whether a equals one of others; stops at the first equal one. Throws GoError. */
export function isEqual(a: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new GoError('missing argument for comparison');
  for (const b of others) {
    if (typeof a === 'string' && typeof b === 'string' ? a === b : isEqualPair(a, b)) return true;
  }
  return false;
}

function isEqualPair(left: Value, right: Value): boolean {
  if (typeof left === typeof right && typeof left !== 'object' && left !== undefined) return left === right;
  const a = left ?? undefined;
  const b = right ?? undefined;
  const kindA = basicKind(typeOf(a).kind);
  const kindB = basicKind(typeOf(b).kind);
  if (kindA !== kindB && !(isInteger(kindA) && isInteger(kindB))) {
    if (a === undefined || b === undefined) return false;
    throw incompatible(a, b);
  }
  if (kindA === null) return isEqualOther(a, b);
  return a instanceof Complex && b instanceof Complex ? a.re === b.re && a.im === b.im : plain(a) === plain(b);
}

function isNil(value: Value): boolean {
  if (value === undefined || value === null) return true;
  if (value instanceof Slice) return value.type.kind === 'slice' && value.array === null;
  if (value instanceof GoMap) return value.entries === null;
  return value instanceof Pointer && value.target === null;
}

function isEqualOther(a: Value, b: Value): boolean {
  const [typeA, typeB] = [typeOf(a), typeOf(b)];
  if (typeA.kind !== typeB.kind && a !== undefined && b !== undefined) {
    // The order of the operands is Go's.
    throw new GoError(sprintf('non-comparable types %s: %v, %s: %v', [a, typeA.name, typeB.name, b]));
  }
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (!isComparable(typeB)) throw new GoError(sprintf('non-comparable type %s: %v', [b, typeB.name]));
  return isIdentical(a, b);
}

function isComparable(type: Type): boolean {
  switch (type.kind) {
    case 'slice':
    case 'map':
    case 'func':
      return false;
    case 'array':
      return isComparable(type.elem!);
    case 'struct':
      return type.fields?.every((field) => isComparable(field.type)) ?? true;
    default:
      return true;
  }
}

/** Go's == between interfaces: same type, same value. */
function isIdentical(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (a instanceof Pointer && b instanceof Pointer) return a.target === b.target;
  if (a instanceof Num && b instanceof Num) return a.value === b.value;
  if (a instanceof Complex && b instanceof Complex) return a.re === b.re && a.im === b.im;
  if (a instanceof Slice && b instanceof Slice) {
    return Array.from({ length: a.length }, (_, i) => isIdentical(a.at(i), b.at(i))).every(Boolean);
  }
  if (type.kind !== 'struct' || type.fields === undefined) return a === b;
  return type.fields.every((field) => isIdentical(field.get(a as Typed), field.get(b as Typed)));
}

/** lt, for integers, floats and strings. Throws GoError. */
export function isLess(left: Value, right: Value): boolean {
  const [a, b] = [orderable(left), orderable(right)];
  const kind = basicKind(typeOf(a).kind);
  const other = basicKind(typeOf(b).kind);
  if (kind !== other && !(isInteger(kind) && isInteger(other))) throw incompatible(a, b);
  if (kind === 'bool' || kind === 'complex') throw invalidType();
  return (plain(a) as string) < (plain(b) as string);
}

const invalidType = () => new GoError('invalid type for comparison');

function orderable(value: Value): Value {
  if (basicKind(typeOf(value).kind) === null) throw invalidType();
  return value;
}

/** le. Throws GoError. */
export function isLessOrEqual(a: Value, b: Value): boolean {
  return isLess(a, b) || isEqual(a, [b]);
}
