import { expect, test } from '@jest/globals';
import { fromText } from '../../../src/go/bytes.ts';
import { readerOf, renderWaiting, testGolden } from '../rendering.ts';

testGolden('regex');

test('no expression takes longer than its text', async () => {
  const text = `{{regexMatch "^(a+)+(a|aa)*$" (printf "%sb" (repeat 20000 "a"))}}{{regexMatch "(x+x+)+y" (repeat 20000 "x")}}`;
  expect(await renderWaiting(text)).toBe('falsefalse');
});

test('a long text is searched as a short one is', async () => {
  const store = { '/x': 'k\u00e9y-12 web-7;'.repeat(5000) };
  const bytes = Object.fromEntries(Object.entries(store).map(([key, value]) => [key, fromText(value)]));
  const replaced = await renderWaiting('{{regexReplaceAll `([a-z]+)-(\\d+)` (getv "/x") "$2:$1"}}', readerOf(bytes));
  expect(replaced).toBe(fromText('k\u00e912:y 7:web;'.repeat(5000)));
  const found =
    '{{regexFind `y-\\d+ w.*$` (getv "/x") | len}} {{regexMatch ";$" (getv "/x")}} {{regexMatch "y;" (getv "/x")}}';
  expect(await renderWaiting(found, readerOf(bytes))).toBe(`${fromText(store['/x']).length - 3} true false`);
});

test.each([
  ['{{regexMatch (repeat 400000 "a") "a"}}', 'expression too large'],
  ['{{regexMatch (repeat 1000 "a{1000}") "a"}}', 'expression too large'],
  ['{{regexMatch (repeat 10000 "\\\\pL") "a"}}', 'expression too large'],
  ['{{regexMatch (repeat 400000 "[") "a"}}', 'expression too large'],
  ['{{regexMatch (repeat 200000 "\\\\p{") "a"}}', 'expression too large'],
  ['{{regexMatch "(a{1000}){2}" "a"}}', 'invalid repeat count: `{2}`'],
])('an expression that would fill the memory is an error: %s', async (text, message) => {
  await expect(renderWaiting(text)).rejects.toThrow(message);
});
