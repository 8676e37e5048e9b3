import { decodeObject } from '../../../go/json.ts';
import { GoMap, Slice, type Value } from '../../../go/value.ts';

/** The fields of an object, by their names in small letters: to Go, a name counts in any case of its letters. */
export type Fields = ReadonlyMap<string, Value>;

/** Reads a JSON text; null has no fields. Throws GoError for what is no object. */
export function readObject(text: string): Fields {
  return lowered(decodeObject(text));
}

/** The fields of an object inside another, none where there is none; undefined for anything else. */
export function asObject(value: Value | undefined): Fields | undefined {
  if (value === undefined || value === null) return new Map();
  return value instanceof GoMap ? lowered(value) : undefined;
}

/** What a list of strings holds, none where there is no list; undefined for anything else. */
export function asStrings(value: Value | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!(value instanceof Slice)) return undefined;
  const items = (value.array ?? []).map((item) => item ?? '');
  return items.every((item) => typeof item === 'string') ? items : undefined;
}

function lowered({ entries }: GoMap): Fields {
  return new Map([...(entries ?? [])].map(([name, value]) => [(name as string).toLowerCase(), value]));
}
