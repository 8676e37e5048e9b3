/** Printing one operand of any kind under a verb. */
import { spend } from './budget.ts';
import { Builder } from './builder.ts';
import { noFlags } from './fmt-format.ts';
import type { Flags } from './fmt-format.ts';
import * as scalar from './fmt-scalar.ts';
import { sortStrings } from './sort.ts';
import { bytesOf, Complex, GoError, GoMap, Num, Pointer, Slice, StringType, typeOf } from './value.ts';
import type { Field, Method, Type, Typed, Value } from './value.ts';

/**
 * The address that is printed for every pointer, map, slice and function. Real ones differ from run to run, and a
 * rendered file must not change without a reason.
 */
const address = 0xc000010000n;

const stepsPerPart = 4;

/** Collects the text of operands, each printed with the current flags. */
export class Printer {
  readonly out = new Builder();
  readonly flags: Flags = noFlags();
  /** Inside the text of a bad verb: methods are not called. */
  #isErroring = false;
  /** Below an unexported field: methods are not called. */
  #isHidden = false;

  /** Prints an operand; the verb is in UTF-8. */
  printArg(arg: Value, verb: string): void {
    if (arg === undefined || arg === null) this.#printNil(verb);
    else if (verb === 'T') this.#put(scalar.pad(scalar.truncate(typeOf(arg).name, this.flags), this.flags));
    else if (typeof arg !== 'object') this.#printPrimitive(arg, verb);
    else if (verb === 'p') this.#printPointer(arg, verb);
    else if (isBytes(arg) || !this.#printByMethod(arg, verb)) this.#printTyped(arg, verb, 0);
  }

  #put(text: string): void {
    spend(stepsPerPart);
    this.out.add(text);
  }

  #putOrComplain(text: string | null, value: Value, verb: string): void {
    if (text === null) this.#printBadVerb(value, verb);
    else this.#put(text);
  }

  #printNil(verb: string): void {
    const isGood = verb === 'v' || verb === 'T';
    this.#put(isGood ? scalar.pad('<nil>', this.flags) : `%!${verb}(<nil>)`);
  }

  /** %!verb(type=value), with the value in %v with the current flags. */
  #printBadVerb(value: Value, verb: string): void {
    this.#isErroring = true;
    this.#put(`%!${verb}(${typeOf(value).name}=`);
    this.printArg(value, 'v');
    this.#put(')');
    this.#isErroring = false;
  }

  #printPrimitive(value: boolean | bigint | number | string, verb: string): void {
    const { flags } = this;
    let text: string | null;
    if (typeof value === 'string') text = scalar.formatString(value, verb, flags);
    else if (typeof value === 'bigint') text = scalar.formatInteger(value, true, verb, flags);
    else if (typeof value === 'number') text = scalar.formatNumber(value, 64, verb, flags);
    else text = scalar.formatBool(value, verb, flags);
    this.#putOrComplain(text, value, verb);
  }

  /** Prints a value inside another one; `type` is its declared type, which is all that a nil interface has. */
  #printElement(value: Value, type: Type, verb: string, depth: number): void {
    if (value === undefined || value === null) this.#put(this.flags.sharpV ? `${type.name}(nil)` : '<nil>');
    else if (typeof value !== 'object') this.#printPrimitive(value, verb);
    else if (this.#isHidden || !this.#printByMethod(value, verb)) this.#printTyped(value, verb, depth);
  }

  #printTyped(value: Typed, verb: string, depth: number): void {
    if (value instanceof Num) this.#printNum(value, verb);
    else if (value instanceof Slice) this.#printSlice(value, verb, depth);
    else if (value instanceof GoMap) this.#printMap(value, verb, depth);
    else if (value instanceof Complex) this.#printComplex(value, verb);
    else if (value instanceof Pointer && depth === 0 && value.target !== null) {
      this.#put('&');
      this.#printElement(value.target, value.target.type, verb, depth + 1);
    } else if (value.type.kind === 'struct') this.#printStruct(value, verb, depth);
    else this.#printPointer(value, verb);
  }

  #printNum(num: Num, verb: string): void {
    const { kind } = num.type;
    const text =
      typeof num.value === 'bigint'
        ? scalar.formatInteger(num.value, kind.startsWith('int'), verb, this.flags)
        : scalar.formatNumber(num.value, kind === 'float32' ? 32 : 64, verb, this.flags);
    this.#putOrComplain(text, num, verb);
  }

  #printComplex(value: Complex, verb: string): void {
    const bits = value.type.kind === 'complex64' ? 32 : 64;
    const real = scalar.formatNumber(value.re, bits, verb, this.flags);
    const imaginary = scalar.formatNumber(value.im, bits, verb, { ...this.flags, plus: true });
    this.#putOrComplain(real === null ? null : `(${real}${imaginary!}i)`, value, verb);
  }

  #printSlice(slice: Slice, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    const elem = slice.type.elem!;
    if (elem.kind === 'uint8' && (verb === 's' || verb === 'q' || verb === 'x' || verb === 'X')) {
      this.#put(scalar.formatString(bytesOf(slice), verb, this.flags)!);
      return;
    }
    // Go prints []byte for an operand of that type, and []uint8 inside another value.
    if (sharpV) this.#put(depth === 0 && verb === 'v' && isBytes(slice) ? '[]byte' : slice.type.name);
    if (sharpV && slice.array === null) {
      this.#put('(nil)');
      return;
    }
    this.#put(sharpV ? '{' : '[');
    for (let i = 0; i < slice.length; i++) {
      if (i > 0) this.#put(sharpV ? ', ' : ' ');
      this.#printElement(slice.at(i), elem, verb, depth + 1);
    }
    this.#put(sharpV ? '}' : ']');
  }

  #printMap(map: GoMap, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    const { key: keyType, elem } = map.type;
    if (sharpV && map.entries === null) {
      this.#put(`${map.type.name}(nil)`);
      return;
    }
    this.#put(sharpV ? `${map.type.name}{` : 'map[');
    let isFirst = true;
    for (const key of sortedKeys(map)) {
      if (!isFirst) this.#put(sharpV ? ', ' : ' ');
      isFirst = false;
      this.#printElement(key, keyType!, verb, depth + 1);
      this.#put(':');
      this.#printElement(map.entries!.get(key), elem!, verb, depth + 1);
    }
    this.#put(sharpV ? '}' : ']');
  }

  #printStruct(struct: Typed, verb: string, depth: number): void {
    const { sharpV, plusV } = this.flags;
    this.#put(sharpV ? `${struct.type.name}{` : '{');
    (struct.type.fields ?? []).forEach((field, i) => {
      if (i > 0) this.#put(sharpV ? ', ' : ' ');
      if (sharpV || plusV) this.#put(`${field.name}:`);
      this.#printField(struct, field, verb, depth + 1);
    });
    this.#put('}');
  }

  #printField(struct: Typed, field: Field, verb: string, depth: number): void {
    const wasHidden = this.#isHidden;
    this.#isHidden ||= !/^[A-Z]/.test(field.name);
    this.#printElement(field.get(struct), field.type, verb, depth);
    this.#isHidden = wasHidden;
  }

  /** Prints the address of values that have one; for others, the verb is bad. */
  #printPointer(value: Typed, verb: string): void {
    const where = addressOf(value);
    if (where === null) this.#printBadVerb(value, verb);
    else if (verb === 'p') this.#put(scalar.formatAddress(where, !this.flags.sharp, this.flags));
    else if (verb !== 'v') this.#printAddressInBase(where, value, verb);
    else if (this.flags.sharpV) {
      const shown = where === 0n ? 'nil' : scalar.formatAddress(where, true, this.flags);
      this.#put(`(${value.type.name})(${shown})`);
    } else if (where === 0n) this.#put(scalar.pad('<nil>', this.flags));
    else this.#put(scalar.formatAddress(where, !this.flags.sharp, this.flags));
  }

  #printAddressInBase(where: bigint, value: Typed, verb: string): void {
    const isGood = ['b', 'o', 'd', 'x', 'X'].includes(verb);
    this.#putOrComplain(isGood ? scalar.formatInteger(where, false, verb, this.flags) : null, value, verb);
  }

  /** Prints the result of Error or String, or of GoString with %#v. False if the value has no such method. */
  #printByMethod(value: Typed, verb: string): boolean {
    if (this.#isErroring) return false;
    if (verb === 'w') {
      this.#printBadVerb(value, verb); // wrapping is allowed in fmt.Errorf only
      return true;
    }
    if (this.flags.sharpV) return this.#callMethod(value, 'GoString', verb);
    if (verb !== 'v' && verb !== 's' && verb !== 'x' && verb !== 'X' && verb !== 'q') return false;
    return this.#callMethod(value, 'Error', verb) || this.#callMethod(value, 'String', verb);
  }

  #callMethod(value: Typed, name: string, verb: string): boolean {
    const isNil = value instanceof Pointer && value.target === null;
    let receiver: Value = value;
    let method = stringMethod(value.type, name);
    if (method === undefined && value instanceof Pointer) {
      method = stringMethod(value.type.elem!, name); // a pointer has the methods of its target
      receiver = value.target;
    }
    if (method === undefined) return false;
    if (receiver === null) {
      this.#put('<nil>');
      return true;
    }
    try {
      const text = method.call(receiver, []) as string;
      this.#put(scalar.formatString(text, name === 'GoString' ? 's' : verb, this.flags)!);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      this.#put(isNil ? '<nil>' : `%!${verb}(PANIC=${name} method: ${error.message})`);
    }
    return true;
  }
}

function stringMethod(type: Type, name: string): Method | undefined {
  const method = type.methods?.get(name);
  return method?.params.length === 0 && method.result === StringType ? method : undefined;
}

function isBytes(value: Typed): boolean {
  return value.type.name === '[]uint8';
}

/** Null for a value without an address. */
function addressOf(value: Typed): bigint | null {
  if (value instanceof Pointer) return value.target === null ? 0n : address;
  if (value instanceof Slice && value.type.kind === 'slice') return value.array === null ? 0n : address;
  if (value instanceof GoMap) return value.entries === null ? 0n : address;
  return value.type.kind === 'func' ? address : null;
}

function sortedKeys(map: GoMap): Value[] {
  const keys = [...(map.entries ?? []).keys()];
  // Byte strings sort in Go's order with the built-in sort, which is also the fastest.
  return map.type.key?.kind === 'string' ? sortStrings(keys as string[]) : keys.sort(compareKeys);
}

function compareKeys(a: Value, b: Value): number {
  const [x, y] = [a, b].map((key) => (key instanceof Num ? key.value : key)) as [Value, Value];
  if (typeof x !== typeof y || typeof x === 'object' || x === undefined || y === undefined) return 0;
  if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : -1;
  return x === y ? 0 : x < y! ? -1 : 1;
}
