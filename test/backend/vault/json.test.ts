import { describe, expect, test } from '@jest/globals';
import { readJson, writeJson } from '../../../src/backend/vault/json.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('JSON of Vault', () => {
  // What Go's json.Marshal writes of a map that was decoded with json.Number.
  test.each([
    [
      'numbers stay as they are written',
      '{"b":1.50,"a":12345678901234567890,"c":-0,"d":1e5}',
      '{"a":12345678901234567890,"b":1.50,"c":-0,"d":1e5}',
    ],
    ['a text that looks like a number', '{"a":"1.50","1":"-7"}', '{"1":"-7","a":"1.50"}'],
    ['quotes and backslashes', '{"a":"x\\"1\\\\","b":"\\\\"}', '{"a":"x\\"1\\\\","b":"\\\\"}'],
    ['what HTML minds', '{"a":"<&>\u2028"}', bytes('{"a":"\\u003c\\u0026\\u003e\\u2028"}')],
    ['other text', '{"é":"日😀\\u00e9"}', bytes('{"é":"日😀é"}')],
    [
      'names that JavaScript has',
      '{"__proto__":1,"constructor":{"length":2}}',
      '{"__proto__":1,"constructor":{"length":2}}',
    ],
    ['the rest', '[null,true,false,[],{},""]', '[null,true,false,[],{},""]'],
    ['of two fields with one name the last', '{"a":1,"a":2}', '{"a":2}'],
  ])('%s', (_name, text, written) => {
    expect(writeJson(readJson(bytes(text)))).toBe(written);
  });

  test.each([
    ['{'],
    ['{"a":01}'],
    ['{"a":1.}'],
    ['{"a":--1}'],
    ['{a:1}'],
    ['1 2'],
    ['"\x01"'],
    [''],
    ['['.repeat(2000)],
  ])('refuses %j', (text) => {
    expect(() => readJson(text)).toThrow(SyntaxError);
  });

  test('refuses what is nested deeper than a secret is', () => {
    expect(() => readJson('['.repeat(2000) + ']'.repeat(2000))).toThrow('nested too deep');
  });
});
