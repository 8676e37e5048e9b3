import { expect, test } from '@jest/globals';
import { type GoMap, type Slice, typeOf, type Value } from '../../src/go/value.ts';
import { fromPlain, type Plain, type PlainType } from '../../src/template/plain.ts';

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
