import { expect, test } from '@jest/globals';
import { renderWaiting, testGolden } from './rendering.ts';

testGolden('regex');

test('no expression takes longer than its text', async () => {
  const text = `{{regexMatch "^(a+)+(a|aa)*$" (printf "%sb" (repeat 20000 "a"))}}{{regexMatch "(x+x+)+y" (repeat 20000 "x")}}`;
  expect(await renderWaiting(text)).toBe('falsefalse');
});
