import { describe, expect, test } from '@jest/globals';
import { Printer } from '../../src/go/fmt-print.ts';
import { GoMap, IntsType, Pointer, pointerTo, Slice, sliceOf, StringMapType, StringType } from '../../src/go/value.ts';
import type { Struct, Type, Value } from '../../src/go/value.ts';

function print(value: Value, verb: string): string {
  const printer = new Printer();
  printer.printArg(value, verb);
  return printer.out.toString();
}

function speaking(call: () => Value): Type {
  const methods = new Map([['String', { params: [], variadic: false, result: StringType, call }]]);
  return { kind: 'struct', name: 'main.speaking', fields: [], methods };
}

describe('an address', () => {
  const target: Struct = { type: { kind: 'struct', name: 'main.empty', fields: [] } };
  const pointer = new Pointer(pointerTo(target.type), target);

  test.each([
    ['pointer', pointer],
    ['slice', new Slice(IntsType, [1n])],
    ['map', new GoMap(StringMapType, new Map())],
  ] as [string, Value][])('of a %s is the same at every run', (_name, value) => {
    expect(print(value, 'p')).toBe('0xc000010000');
  });

  test('stands for a pointer inside another value', () => {
    expect(print(new Slice(sliceOf(pointer.type), [pointer, pointer]), 'v')).toBe('[0xc000010000 0xc000010000]');
    expect(print(pointer, 'v')).toBe('&{}');
  });
});

test('a method that fails through a fault of ours does not hide it', () => {
  const type = speaking(() => {
    throw new TypeError('ours');
  });
  expect(() => print({ type }, 'v')).toThrow(TypeError);
});

test('a method is asked only for the verbs that show text', () => {
  const type = speaking(() => 'spoken');
  expect(print({ type }, 's')).toBe('spoken');
  expect(print({ type }, 'q')).toBe('"spoken"');
  expect(print({ type }, 'd')).toBe('{}');
});
