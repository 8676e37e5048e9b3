import { decodeObject } from '../../../go/json.ts';
import { GoMap, Slice, type Value } from '../../../go/value.ts';

/** The fields of an object, by their names in lower case: Go ignores the case of names. */
export type Fields = ReadonlyMap<string, Value>;

/** Parses a JSON text; null has no fields. Throws GoError for anything but an object. */
export function readObject(text: string): Fields {
  return lowered(decodeObject(text));
}

/** The fields of an object inside another one, none when it is missing; undefined for another type. */
export function asObject(value: Value | undefined): Fields | undefined {
  if (value === undefined || value === null) return new Map();
  return value instanceof GoMap ? lowered(value) : undefined;
}

/** The items of a list of strings, none when it is missing; undefined for another type. */
export function asStrings(value: Value | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!(value instanceof Slice)) return undefined;
  const items = (value.array ?? []).map((item) => item ?? '');
  return items.every((item) => typeof item === 'string') ? items : undefined;
}

function lowered({ entries }: GoMap): Fields {
  return new Map([...(entries ?? [])].map(([name, value]) => [(name as string).toLowerCase(), value]));
}
