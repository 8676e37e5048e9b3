/** Values as JSON, as Go's json.Marshal writes them: sorted keys, and HTML characters escaped. */
import { encode as encodeBase64 } from './base64.ts';
import { spend } from './budget.ts';
import { Builder } from './builder.ts';
import { encodeString, styleOf } from './json-string.ts';
import { sortStrings } from './sort.ts';
import { formatFloat } from './strconv.ts';
import { bytesOf, GoError, GoMap, Num, Pointer, Slice } from './value.ts';
import type { Typed, Value } from './value.ts';

/** The JSON of a value, in bytes. Throws GoError for values that JSON cannot hold: functions, complex numbers, NaN. */
export function encode(value: Value): string {
  const writer = new Writer(false);
  writer.write(value);
  return writer.out.toString();
}

/** Like encode, on many lines, with two blanks for each level. */
export function encodeIndented(value: Value): string {
  const writer = new Writer(true);
  writer.write(value);
  return writer.out.toString();
}

const stepsPerValue = 8;

class Writer {
  readonly out = new Builder();
  readonly #isIndented: boolean;
  #line = '\n';

  constructor(isIndented: boolean) {
    this.#isIndented = isIndented;
  }

  write(value: Value): void {
    spend(stepsPerValue);
    if (isTyped(value)) this.#writeTyped(value);
    else this.out.add(encodePrimitive(value));
  }

  #writeTyped(value: Typed): void {
    const marshal = value.type.methods?.get('MarshalJSON');
    if (marshal) this.out.add(bytesOf(marshal.call(value, []) as Slice));
    else if (value instanceof Num) this.out.add(encodeNum(value));
    else if (value instanceof Slice) this.#writeSlice(value);
    else if (value instanceof GoMap) this.#writeMap(value);
    else if (value instanceof Pointer) this.write(value.target);
    else if (value.type.kind === 'struct') this.#writeStruct(value);
    else throw new GoError(`json: unsupported type: ${value.type.name}`);
  }

  #writeSlice(slice: Slice): void {
    if (slice.array === null) this.out.add('null');
    else if (slice.type.kind === 'slice' && slice.type.elem!.kind === 'uint8') {
      this.out.add(`"${encodeBase64(bytesOf(slice))}"`);
    } else {
      this.#writeAll('[]', slice.length, (i) => {
        this.write(slice.at(i));
      });
    }
  }

  #writeMap(map: GoMap): void {
    if (map.entries === null) {
      this.out.add('null');
      return;
    }
    // Keys are strings of bytes, which JavaScript orders as Go does.
    const values = new Map([...map.entries].map(([key, value]) => [keyText(key, map), value]));
    const keys = sortStrings([...values.keys()]);
    this.#writeAll('{}', keys.length, (i) => {
      this.#writeName(quoted(keys[i]!));
      this.write(values.get(keys[i]!));
    });
  }

  #writeStruct(struct: Typed): void {
    const shown = (struct.type.fields ?? []).filter((field) => /^[A-Z]/.test(field.name));
    this.#writeAll('{}', shown.length, (i) => {
      this.#writeName(`"${shown[i]!.name}"`);
      this.write(shown[i]!.get(struct));
    });
  }

  #writeName(name: string): void {
    this.out.add(name);
    this.out.add(this.#isIndented ? ': ' : ':');
  }

  /** Writes items between brackets. */
  #writeAll(brackets: string, count: number, writeOne: (index: number) => void): void {
    if (count === 0) {
      this.out.add(brackets);
      return;
    }
    const outer = this.#line;
    this.out.add(brackets[0]!);
    this.#line += '  ';
    for (let i = 0; i < count; i++) {
      if (i > 0) this.out.add(',');
      if (this.#isIndented) this.out.add(this.#line);
      writeOne(i);
    }
    this.#line = outer;
    if (this.#isIndented) this.out.add(outer);
    this.out.add(brackets[1]!);
  }
}

function isTyped(value: Value): value is Typed {
  return typeof value === 'object' && value !== null;
}

function encodePrimitive(value: Exclude<Value, Typed>): string {
  switch (typeof value) {
    case 'boolean':
    case 'bigint':
      return value.toString();
    case 'number':
      return encodeFloat(value, 64);
    case 'string':
      return quoted(value);
    default:
      return 'null';
  }
}

function encodeNum({ type, value }: Num): string {
  return typeof value === 'bigint' ? value.toString() : encodeFloat(value, type.kind === 'float32' ? 32 : 64);
}

/** Unlike fmt, JSON has no exponent between 1e-6 and 1e21, and no zero before a single-digit exponent. */
function encodeFloat(value: number, bits: number): string {
  if (!Number.isFinite(value)) throw new GoError(`json: unsupported value: ${formatFloat(value, 'g', -1, bits)}`);
  const size = Math.abs(value);
  const isPlain = size === 0 || (size >= (bits === 32 ? Math.fround(1e-6) : 1e-6) && size < 1e21);
  return isPlain ? formatFloat(value, 'f', -1, bits) : formatFloat(value, 'e', -1, bits).replace(/e-0(\d)$/, 'e-$1');
}

const style = styleOf({ '\b': '\\b', '\f': '\\f' }, '\xef\xbf\xbd');

function quoted(bytes: string): string {
  return encodeString(bytes, style);
}

function keyText(key: Value, map: GoMap): string {
  spend(stepsPerValue);
  const kind = map.type.key?.kind ?? '';
  if (typeof key === 'string' && kind === 'string') return key;
  const bare = key instanceof Num ? key.value : key;
  if (typeof bare === 'bigint' && /^u?int/.test(kind)) return bare.toString();
  if (typeof bare === 'number') return encodeFloat(bare, kind === 'float32' ? 32 : 64);
  throw new GoError(`json: unsupported type: ${map.type.name}`);
}
