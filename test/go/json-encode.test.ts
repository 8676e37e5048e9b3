import { expect, test } from '@jest/globals';
import { encode } from '../../src/go/json-encode.ts';
import { decodeValue } from '../../src/go/json.ts';
import { callRows } from '../helpers/go-rows.ts';

test('what was decoded and encoded decodes to the same text again', () => {
  for (const { fn, want: text } of callRows('json')) {
    if (fn !== 'encode' || typeof text !== 'string') continue;
    expect(encode(decodeValue(encode(decodeValue(text))))).toBe(encode(decodeValue(text)));
  }
});
