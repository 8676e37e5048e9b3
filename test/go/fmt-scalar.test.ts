import { expect, test } from '@jest/globals';
import { noFlags } from '../../src/go/fmt-format.ts';
import {
  formatBool,
  formatInteger,
  formatNumber,
  formatString,
  isFloatVerb,
  pad,
  truncate,
} from '../../src/go/fmt-scalar.ts';
import { runeCount } from '../../src/go/strings.ts';

test('a verb that does not suit is refused', () => {
  const flags = noFlags();
  expect(formatBool(true, 'd', flags)).toBeNull();
  expect(formatString('a', 'd', flags)).toBeNull();
  expect(formatInteger(1n, true, 's', flags)).toBeNull();
  expect(formatNumber(1, 64, 'd', flags)).toBeNull();
  expect(['d', 's', 'q'].some(isFloatVerb)).toBe(false);
});

test.each(['', 'a', 'h\xc3\xa9', '\xff\xfe', '\xe6\x97\xa5\xe6\x9c\xac'])(
  'width and precision count the runes of %j',
  (text) => {
    for (let n = 0; n < 6; n++) {
      const padded = pad(text, { ...noFlags(), width: n });
      expect(runeCount(padded)).toBe(Math.max(n, runeCount(text)));
      expect(padded.endsWith(text)).toBe(true);
      expect(runeCount(truncate(text, { ...noFlags(), precision: n }))).toBe(Math.min(n, runeCount(text)));
    }
  },
);
