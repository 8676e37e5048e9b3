import { expect, test } from '@jest/globals';
import { render, testGolden } from '../rendering.ts';

test.each([
  ['{{seq 0 10000000}}', 'error calling seq: more than 10000000 numbers'],
  ['{{seq -9223372036854775808 9223372036854775807}}', 'error calling seq: more than 10000000 numbers'],
])('what would take all memory is an error: %s', (text, message) => {
  expect(() => render(text)).toThrow(message);
});

testGolden('numbers');
