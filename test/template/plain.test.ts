import { expect, test } from '@jest/globals';
import { printValue } from '../../src/go/fmt.ts';
import {
  AnysType,
  GoError,
  GoMap,
  IntType,
  mapOf,
  Slice,
  StringMapType,
  StringsType,
  typeOf,
  type Value,
} from '../../src/go/value.ts';
import { KVPair } from '../../src/mirror/pair.ts';
import { fromPlain, type Plain, type PlainType, templateFunc } from '../../src/template/plain.ts';

test('what is not plain data is refused', () => {
  expect(() => fromPlain((() => 1) as unknown as Plain)).toThrow('a function is not plain data');
});

const scalars: readonly (readonly [Plain, PlainType, Value])[] = [
  ['é', 'any', '\xc3\xa9'],
  [3, 'any', 3n],
  [3, 'float64', 3],
  [1.5, 'any', 1.5],
  [2 ** 60, 'any', 2 ** 60],
  [2n ** 63n, 'any', -(2n ** 63n)],
  [true, 'any', true],
  [null, 'any', null],
  [undefined, 'any', undefined],
];
test.each(scalars)('%p as %s', (data, as, value) => {
  expect(fromPlain(data, as)).toBe(value);
});

test('lists and maps', () => {
  const list = fromPlain([1, 'x', undefined]);
  expect(typeOf(list).name).toBe('[]interface {}');
  expect((list as Slice).array).toEqual([1n, 'x', null]);
  for (const data of [{ a: 1 }, new Map([['a', 1]])]) {
    const map = fromPlain(data);
    expect(typeOf(map).name).toBe('map[string]interface {}');
    expect([...(map as GoMap).entries!]).toEqual([['a', 1n]]);
  }
});

const seen = (value: Value): Plain => {
  let plain: Plain;
  templateFunc(['any'], 'bool', (arg) => ((plain = arg), true)).call([value]);
  return plain;
};

test('what has no plain form is refused', () => {
  for (const value of [new KVPair('/secret', 'hunter2'), new GoMap(mapOf(IntType, IntType), new Map())])
    expect(() => seen(value)).toThrow(new GoError(`a ${value.type.name} has no plain form`));
});

const arguments_: readonly (readonly [Value, Plain])[] = [
  ['\xc3\xa9', 'é'],
  [3n, 3n],
  [1.5, 1.5],
  [true, true],
  [null, null],
  [undefined, undefined],
  [new Slice(AnysType, [1n, '\xc3\xa9', null], 1), ['é', null]],
  [new Slice(StringsType, null), []],
  [new GoMap(StringMapType, new Map([['\xc3\xa9', 'a']])), new Map([['é', 'a']])],
  [new GoMap(StringMapType, null), new Map()],
];
test.each(arguments_)('an argument %#', (value, plain) => {
  expect(seen(value)).toEqual(plain);
});

const results: readonly (readonly [PlainType, Plain, string, string])[] = [
  ['strings', ['é', 'a'], '[]string', '[\xc3\xa9 a]'],
  ['list', ['é', 1], '[]interface {}', '[\xc3\xa9 1]'],
  ['float64', 3, 'float64', '3'],
  ['any', 3, 'int', '3'],
  ['map', new Map([['a', 1]]), 'map[string]interface {}', 'map[a:1]'],
];
test.each(results)('a result declared as %s', (type, plain, name, text) => {
  const value = templateFunc([], type, () => plain as never).call([]);
  expect([typeOf(value).name, printValue(value)]).toEqual([name, text]);
});

test('what a function throws is an error of the template', () => {
  const call = (thrown: unknown) =>
    templateFunc([], 'any', () => {
      throw thrown;
    }).call([]);
  expect(() => call(new Error('é'))).toThrow(new GoError('\xc3\xa9'));
  expect(() => call('é')).toThrow(new GoError('\xc3\xa9'));
});
