import { spend } from '../../go/budget.ts';
import { sortStrings } from '../../go/sort.ts';
import { GoMap, Num, Pointer, Slice } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';

/** The element of a map, exported field of a struct or item of a list with this name; undefined if there is none. */
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

type Entry = readonly [key: Value, value: Value];

/** The entries of a value; each is created on access. */
export interface Entries {
  readonly size: number;
  readonly at: (index: number) => Entry;
}

const none: Entries = { size: 0, at: () => [undefined, undefined] };

/** The entries for each: a list in its order, a map by sorted keys, a struct by its fields; none for other values. */
export function entriesOf(value: Value): Entries {
  if (typeof value !== 'object' || value === null) return none;
  if (value instanceof Pointer) return entriesOf(value.target);
  if (value instanceof Slice) return { size: value.length, at: (i) => [BigInt(i), value.at(i)] };
  if (value instanceof GoMap) return entriesOfMap(value.entries ?? new Map<Value, Value>());
  const fields = (value.type.fields ?? []).filter(({ name }) => isExported(name));
  return { size: fields.length, at: (i) => [fields[i]!.name, fields[i]!.get(value)] };
}

function entriesOfMap(entries: ReadonlyMap<Value, Value>): Entries {
  spend(entries.size);
  const keys = [...entries.keys()];
  const isText = keys.every((key) => typeof key === 'string');
  const sorted: readonly Value[] = isText ? sortStrings(keys) : keys.sort((a, b) => (a! < b! ? -1 : 1));
  return { size: sorted.length, at: (i) => [sorted[i], entries.get(sorted[i])] };
}

/** Whether a value is false for Handlebars: no value, zero, an empty text or an empty list. An empty map is true. */
export function isNothing(value: Value): boolean {
  if (value instanceof Slice) return value.length === 0;
  if (value instanceof GoMap) return value.entries === null;
  return !numberOf(value);
}

/** Whether a value is a zero, which includeZero treats as true. */
export function isZero(value: Value): boolean {
  const number = numberOf(value);
  return number === 0n || number === 0;
}

/** A number of a type other than int and float64, such as the port of a service, is a number, too. */
const numberOf = (value: Value) => (value instanceof Num ? value.value : value);
