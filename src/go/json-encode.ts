/** Values as JSON, as Go's json.Marshal writes them: sorted keys, and no character that HTML would mind. */
import { encode as encodeBase64 } from './base64.ts';
import { formatFloat } from './strconv.ts';
import { decodeRune, RuneError } from './strings.ts';
import { GoError, GoMap, Num, Pointer, Slice } from './value.ts';
import type { Typed, Value } from './value.ts';

/** The JSON text of a value, in bytes. Throws GoError for what JSON cannot hold: functions, complex numbers, NaN. */
export function encode(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'null';
    case 'boolean':
    case 'bigint':
      return value.toString();
    case 'number':
      return encodeFloat(value, 64);
    case 'string':
      return encodeString(value);
    default:
      return value === null ? 'null' : encodeTyped(value);
  }
}

function encodeTyped(value: Typed): string {
  const marshal = value.type.methods?.get('MarshalJSON');
  if (marshal) return bytesOf(marshal.call(value, []) as Slice);
  if (value instanceof Num) return encodeNum(value);
  if (value instanceof Slice) return encodeSlice(value);
  if (value instanceof GoMap) return encodeMap(value);
  if (value instanceof Pointer) return encode(value.target);
  if (value.type.kind === 'struct') return encodeStruct(value);
  throw new GoError(`json: unsupported type: ${value.type.name}`);
}

function encodeNum({ type, value }: Num): string {
  return typeof value === 'bigint' ? value.toString() : encodeFloat(value, type.kind === 'float32' ? 32 : 64);
}

/** Unlike fmt, JSON keeps to plain digits between 1e-6 and 1e21, and writes no zero before a single-digit exponent. */
function encodeFloat(value: number, bits: number): string {
  if (!Number.isFinite(value)) throw new GoError(`json: unsupported value: ${formatFloat(value, 'g', -1, bits)}`);
  const size = Math.abs(value);
  const isPlain = size === 0 || (size >= (bits === 32 ? Math.fround(1e-6) : 1e-6) && size < 1e21);
  return isPlain ? formatFloat(value, 'f', -1, bits) : formatFloat(value, 'e', -1, bits).replace(/e-0(\d)$/, 'e-$1');
}

function encodeSlice(slice: Slice): string {
  if (slice.array === null) return 'null';
  if (slice.type.kind === 'slice' && slice.type.elem!.kind === 'uint8') return `"${encodeBase64(bytesOf(slice))}"`;
  const items: string[] = [];
  for (let i = 0; i < slice.length; i++) items.push(encode(slice.at(i)));
  return `[${items.join(',')}]`;
}

function bytesOf(slice: Slice): string {
  let bytes = '';
  for (let i = 0; i < slice.length; i++) bytes += String.fromCharCode(Number((slice.at(i) as Num).value));
  return bytes;
}

function encodeMap(map: GoMap): string {
  if (map.entries === null) return 'null';
  const pairs = [...map.entries].map(([key, value]) => [keyText(key, map), value] as const);
  // Keys are strings of bytes, which JavaScript orders as Go does.
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, value]) => `${encodeString(key)}:${encode(value)}`).join(',')}}`;
}

function keyText(key: Value, map: GoMap): string {
  const kind = map.type.key?.kind ?? '';
  if (typeof key === 'string' && kind === 'string') return key;
  const bare = key instanceof Num ? key.value : key;
  if (typeof bare === 'bigint' && /^u?int/.test(kind)) return bare.toString();
  if (typeof bare === 'number') return encodeFloat(bare, kind === 'float32' ? 32 : 64);
  throw new GoError(`json: unsupported type: ${map.type.name}`);
}

function encodeStruct(struct: Typed): string {
  const shown = (struct.type.fields ?? []).filter((field) => /^[A-Z]/.test(field.name));
  return `{${shown.map((field) => `"${field.name}":${encode(field.get(struct))}`).join(',')}}`;
}

const plain = /^[ !#-%'-;=?-[\]-\x7f]*$/;
const escapes = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);
const escapedRunes = [0x3c, 0x3e, 0x26, 0x2028, 0x2029];

function encodeString(bytes: string): string {
  if (plain.test(bytes)) return `"${bytes}"`;
  let out = '"';
  for (let i = 0; i < bytes.length;) {
    const [rune, size] = decodeRune(bytes, i);
    if (rune === RuneError && size === 1) out += '\xef\xbf\xbd';
    else if (rune < 0x20 || escapedRunes.includes(rune)) {
      out += escapes.get(rune) ?? `\\u${rune.toString(16).padStart(4, '0')}`;
    } else out += escapes.get(rune) ?? bytes.slice(i, i + size);
    i += size;
  }
  return out + '"';
}
