import { clean } from '../../go/path.ts';
import { isList, type Json, JsonNumber, type JsonObject, writeJson } from './json.ts';

/**
 * How fields become keys: 'go' as Go's confd does, where only texts do; 'all' gives numbers, booleans and lists keys as well.
 */
export type FieldRule = 'go' | 'all';

/** What a secret is as keys, and the fields that got none. */
export interface SecretPairs {
  readonly pairs: ReadonlyMap<string, string>;
  /** By name, with the type as Go calls it. */
  readonly unsupported: ReadonlyMap<string, string>;
}

/**
 * The secret as Go's confd shows it. Where its only field is `value`, with a text, the name has that text. Any other has
 * all fields as JSON there, and each field below the name.
 */
export function pairsOf(name: string, data: JsonObject, rule: FieldRule): SecretPairs {
  const only = data.size === 1 ? data.get('value') : undefined;
  if (typeof only === 'string') return { pairs: new Map([[name, only]]), unsupported: new Map() };
  const pairs = new Map([[name, writeJson(data)]]);
  const unsupported = new Map<string, string>();
  const flatten = (at: string, value: Json) => {
    // A field called .. would be a key of another secret.
    if (at !== name && !at.startsWith(`${name}/`)) return;
    if (typeof value === 'string') pairs.set(at, value);
    else if (value instanceof Map) {
      for (const [key, item] of value as JsonObject) flatten(clean(`${at}/${key}`), item);
    } else if (rule === 'go') unsupported.set(at, goType(value));
    else if (value !== null) pairs.set(at, writeJson(value));
  };
  flatten(name, data);
  return { pairs, unsupported };
}

function goType(value: Json): string {
  if (value === null) return '<nil>';
  if (value instanceof JsonNumber) return 'json.Number';
  return isList(value) ? '[]interface {}' : 'bool';
}
