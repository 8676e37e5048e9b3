import { expect, test } from '@jest/globals';
import { readerOf, render, testGolden } from '../rendering.ts';

testGolden('lists');

test('sorting the pairs of one render does not show in another', () => {
  const reader = readerOf({ '/aa': '1', '/b': '2' });
  expect(render('{{reverse (sortKVByLength (gets "/*"))}}', reader)).toBe('[{/aa 1} {/b 2}]');
  expect(render('{{sortKVByLength (gets "/*")}}', reader)).toBe('[{/b 2} {/aa 1}]');
  expect(render('{{gets "/*"}}', reader)).toBe('[{/aa 1} {/b 2}]');
});
