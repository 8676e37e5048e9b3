import { GoMap, Num, Pointer, Slice } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';

/** The element of a map, exported field of a struct or item of a list that has this name; undefined if there is none. */
export function fieldOf(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Pointer) return fieldOf(value.target, name);
  if (value instanceof GoMap) return value.entries?.get(name);
  if (value instanceof Slice) return itemOf(value, name);
  const field = value.type.fields?.find((each) => each.name === name);
  return field !== undefined && isExported(name) ? field.get(value) : undefined;
}

function itemOf(list: Slice, name: string): Value {
  if (name === 'length') return BigInt(list.length);
  return /^(0|[1-9]\d*)$/.test(name) && Number(name) < list.length ? list.at(Number(name)) : undefined;
}

const isExported = (name: string) => /^[A-Z]/.test(name);

export type Entry = readonly [key: Value, value: Value];

/** What each goes over: a list in its order, a map by its sorted keys, a struct by its fields; nothing for the rest. */
export function entriesOf(value: Value): readonly Entry[] {
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Pointer) return entriesOf(value.target);
  if (value instanceof Slice) return Array.from({ length: value.length }, (_, i) => [BigInt(i), value.at(i)]);
  if (value instanceof GoMap) return [...(value.entries ?? [])].sort(([a], [b]) => (a! < b! ? -1 : 1));
  const fields = value.type.fields ?? [];
  return fields.filter(({ name }) => isExported(name)).map((field) => [field.name, field.get(value)]);
}

/** Whether it is no value, or no more than zero, an empty text or an empty list. A map is something even when empty. */
export function isNothing(value: Value): boolean {
  if (value instanceof Slice) return value.length === 0;
  if (value instanceof GoMap) return value.entries === null;
  return !numberOf(value);
}

/** Whether it is a zero, which includeZero counts as something. */
export function isZero(value: Value): boolean {
  const number = numberOf(value);
  return number === 0n || number === 0;
}

/** A number of a type other than int and float64 is one all the same: the port of a service, for one. */
const numberOf = (value: Value) => (value instanceof Num ? value.value : value);
