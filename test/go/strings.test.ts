import { describe, expect, test } from '@jest/globals';
import * as strings from '../../src/go/strings.ts';
import { testCalls } from '../helpers/go-rows.ts';

const functions = new Map<string, (...args: never[]) => unknown>([
  ['toUpper', strings.toUpper],
  ['toLower', strings.toLower],
  ['fields', strings.fields],
  ['trimSpace', strings.trimSpace],
  ['runeCount', (s: string) => BigInt(strings.runeCount(s))],
  ['repeat', (s: string, count: bigint) => strings.repeat(s, Number(count))],
  ['split', strings.split],
  ['contains', strings.contains],
  ['trimPrefix', strings.trimPrefix],
  ['trimSuffix', strings.trimSuffix],
  ['replace', (s: string, from: string, to: string, n: bigint) => strings.replace(s, from, to, Number(n))],
]);

describe('as Go does it', () => {
  testCalls('strings', functions);
});

test('every rune encodes to what decodes to it', () => {
  for (let rune = 0; rune <= 0x10ffff; rune += rune < 0x3000 ? 1 : 97) {
    const bytes = strings.encodeRune(rune);
    const expected = strings.isValidRune(rune) ? rune : strings.RuneError;
    expect(strings.decodeRune(bytes, 0)).toEqual([expected, bytes.length]);
  }
});

describe('bytes that are not UTF-8', () => {
  test.each([
    '\x80',
    '\xc0\x80',
    '\xc1\xbf',
    '\xe0\x80\x80',
    '\xed\xa0\x80',
    '\xf0\x80\x80\x80',
    '\xf4\x90\x80\x80',
    '\xe2\x82',
  ])('%j are taken one by one', (bytes) => {
    expect(strings.decodeRune(bytes, 0)).toEqual([strings.RuneError, 1]);
    expect(strings.isValid(bytes)).toBe(false);
    expect(strings.runeCount(bytes)).toBe(bytes.length);
  });
});

test('at the end there is no rune', () => {
  expect(strings.decodeRune('a', 1)).toEqual([strings.RuneError, 0]);
});
