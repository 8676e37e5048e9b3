import { decodeRune } from '../../go/strings.ts';
import { isUpper } from '../../go/unicode.ts';
import { GoError, GoMap, InterfaceType, Pointer, StringType, typeOf } from '../../go/value.ts';
import type { Field, Method, Type, Typed, Value } from '../../go/value.ts';
import { fail } from './state.ts';
import type { RenderState } from './state.ts';
import { indirect, isNilPointer, zeroOf } from './types.ts';

/** A field access in a template, with the struct field that it found last. */
export interface Site {
  readonly name: string;
  type: Type | null;
  field: Field | null;
}

export const makeSite = (name: string): Site => ({ name, type: null, field: null });

/** The result of a lookup without arguments. */
export type Found =
  | { readonly kind: 'value'; readonly value: Value; readonly static: Type | undefined }
  | { readonly kind: 'method'; readonly method: Method; readonly receiver: Value };

/**
 * The value of a present map key, or of a struct field that was seen before; undefined when the slow path is needed.
 */
export function readQuickly(site: Site, receiver: Value): Value {
  if (typeof receiver !== 'object' || receiver === null) return undefined;
  if (receiver.type === site.type) return site.field!.get(receiver);
  if (receiver instanceof GoMap && receiver.type.key === StringType && receiver.type.methods === undefined) {
    return receiver.entries?.get(site.name);
  }
  return undefined;
}

/** What is looked up, and how. */
export interface Sought {
  readonly receiver: Value;
  readonly known: Type | undefined;
  readonly hasArgs: boolean;
}

/**
 * Finds a field, method or map element as Go's evalField does. `known` is the interface type that holds the receiver,
 * if any; with `hasArgs` everything but a method is an error.
 */
export function find(run: RenderState, site: Site, { receiver, known, hasArgs }: Sought): Found {
  const { name } = site;
  if (receiver === undefined) {
    if (run.missingKey === 'error') fail(run, 'nil data; no entry for key %q', name);
    return plain(undefined);
  }
  const type = known ?? typeOf(receiver);
  if (receiver === null) return fail(run, 'nil pointer evaluating %s.%s', type.name, name);
  const target = indirect(receiver);
  const method = findMethod(receiver, target, name);
  if (method !== null) return method;
  const found = findElement(run, site, target, { type, hasArgs });
  if (found !== null) return found;
  if (isNilPointer(target) && mayHave(typeOf(target).elem, name)) {
    return fail(run, 'nil pointer evaluating %s.%s', type.name, name);
  }
  return fail(run, "can't evaluate field %s in type %s", name, type.name);
}

const plain = (value: Value, type?: Type): Found => ({
  kind: 'value',
  value,
  static: type?.kind === 'interface' ? type : undefined,
});

function findMethod(receiver: Value, target: Value, name: string): Found | null {
  const own = typeOf(receiver).methods?.get(name);
  if (own !== undefined) return { kind: 'method', method: own, receiver };
  if (!(receiver instanceof Pointer)) return null;
  const inherited = receiver.type.elem?.methods?.get(name);
  if (inherited === undefined) return null;
  const method = target === receiver ? valueMethodOfNil(receiver.type, name, inherited) : inherited;
  return { kind: 'method', method, receiver: target };
}

function valueMethodOfNil(pointer: Type, name: string, method: Method): Method {
  const elem = pointer.elem!;
  const short = pointer.name.slice(pointer.name.lastIndexOf('.') + 1);
  return {
    ...method,
    call() {
      throw new GoError(`value method ${elem.path ?? elem.name}.${name} called using nil *${short} pointer`);
    },
  };
}

function mayHave(elem: Type | undefined, name: string): boolean {
  return elem?.kind !== 'struct' || elem.fields?.some((field) => field.name === name) === true;
}

function findElement(run: RenderState, site: Site, target: Value, how: { type: Type; hasArgs: boolean }): Found | null {
  const { name } = site;
  if (target instanceof GoMap) {
    const { key } = target.type;
    if (key !== StringType && key !== InterfaceType) return null;
    if (how.hasArgs) fail(run, '%s is not a method but has arguments', name);
    const value = target.entries?.get(name);
    return plain(value === undefined ? missing(run, target, name) : value, target.type.elem);
  }
  const type = typeOf(target);
  const field = type.kind === 'struct' ? type.fields?.find((f) => f.name === name) : undefined;
  if (field === undefined) return null;
  if (!isUpper(decodeRune(name, 0)[0])) fail(run, '%s is an unexported field of struct type %s', name, how.type.name);
  if (how.hasArgs) fail(run, '%s has arguments but cannot be invoked as function', name);
  site.type = type;
  site.field = field;
  return plain(field.get(target as Typed), field.type);
}

function missing(run: RenderState, map: GoMap, name: string): Value {
  switch (run.missingKey) {
    case 'default':
      return undefined;
    case 'zero':
      return zeroOf(map.type.elem!);
    case 'error':
      return fail(run, 'map has no entry for key %q', name);
  }
}
