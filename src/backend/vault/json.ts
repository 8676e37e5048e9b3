import { encode } from '../../go/json.ts';
import { parseJson } from '../net/json.ts';

/** A number as it is written: 1.50 and 12345678901234567890 stay so. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type JsonObject = ReadonlyMap<string, Json>;

/** A JSON value whose strings are byte strings. */
export type Json = string | JsonNumber | boolean | null | readonly Json[] | JsonObject;

/** Deeper values are not what Vault holds. */
const maxDepth = 500;

/** Strings and numbers of a JSON text, to tell one from the other once it is parsed. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs;

/** The value of JSON text given as bytes. Throws SyntaxError, whose message may quote the text. */
export function readJson(bytes: string): Json {
  const marked = bytes.replace(tokens, (token) => (token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`));
  return unmarked(parseJson(marked), maxDepth);
}

function unmarked(value: unknown, depth: number): Json {
  if (depth === 0) throw new SyntaxError('nested too deep');
  if (typeof value === 'string') return value.startsWith('s') ? value.slice(1) : new JsonNumber(numberIn(value));
  if (Array.isArray(value)) return value.map((item) => unmarked(item, depth - 1));
  if (typeof value !== 'object' || value === null) return value as boolean | null;
  return new Map(Object.entries(value).map(([key, item]) => [key.slice(1), unmarked(item, depth - 1)]));
}

function numberIn(marked: string): string {
  const text = marked.slice(1);
  JSON.parse(text);
  return text;
}

/** The value as Go's json.Marshal writes it: keys sorted, numbers as they were. */
export function writeJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return encode(value);
  if (value instanceof JsonNumber) return value.text;
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  const fields = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${encode(key)}:${writeJson(item)}`).join(',')}}`;
}

/** Whether it is a JSON array. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The field of an object, or null where it has none or is none. */
export function field(value: Json, name: string): Json {
  return value instanceof Map ? ((value as JsonObject).get(name) ?? null) : null;
}

/** The text of a field, '' where there is none. */
export function textOf(value: Json, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

/** The number in a field, 0 where there is none. */
export function numberOf(value: Json, name: string): number {
  const found = field(value, name);
  return found instanceof JsonNumber ? Number(found.text) : 0;
}
