import { expect, test } from '@jest/globals';
import { translateClasses } from '../../../src/template/funcs/regex-classes.ts';

// What matches is held by the golden rows of test/template/funcs-regex.test.ts; here is what the library gets.
const rows: [written: string, translated: string][] = [
  ['\\p{old-italic}', '\\p{Old_Italic}'],
  ['\\P{^Decimal Number}', '\\P{^Nd}'],
  ['[a\\pl]\\p{Lowercase}', '[a\\p{L}]\\p{?Lowercase}'],
  ['\\Q\\p{greek}\\E\\\\p{greek}', '\\Q\\p{greek}\\E\\\\p{greek}'],
];
test.each(rows)('%s', (written, translated) => {
  expect(translateClasses(written).text).toBe(translated);
});

test('a part is told as it was written, wherever it ends', () => {
  const { original } = translateClasses('x\\p{Letter}y\\p{nope}z');
  expect(original('x\\p{L}y\\p{?nope}z')).toBe('x\\p{Letter}y\\p{nope}z');
  expect(original('\\p{?nope}z')).toBe('\\p{nope}z');
  expect(original('\\p{?nope}')).toBe('\\p{nope}');
  expect(original('z')).toBe('z');
  expect(original('not there')).toBe('not there');
});
