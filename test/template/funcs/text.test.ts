import { expect, test } from '@jest/globals';
import { render, testGolden } from '../rendering.ts';

test.each([
  ['{{repeat 1000000000 "abc"}}', 'error calling repeat: strings: Repeat output length overflow'],
  [
    '{{toUpper (repeat 33554433 "a")}}',
    'error calling toUpper: a text of 33554433 bytes is longer than the 33554432 that a function takes',
  ],
  ['{{indent 100000000 "a\\nb\\nc"}}', 'error calling indent: strings: Repeat output length overflow'],
])('what would take all memory is an error: %s', (text, message) => {
  expect(() => render(text)).toThrow(message);
});

testGolden('text');
