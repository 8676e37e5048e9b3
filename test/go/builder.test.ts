import { expect, test } from '@jest/globals';
import { limited } from '../../src/go/budget.ts';
import { Builder, byPieces } from '../../src/go/builder.ts';
import { decodeRune, encodeRune } from '../../src/go/strings.ts';

test.each([0, 1, 10, 70_000, 200_000])('%d parts are one text', (count) => {
  const builder = new Builder();
  const parts = Array.from({ length: count }, (_, i) => `${i},`);
  for (const part of parts) builder.add(part);
  expect(builder.length).toBe(parts.join('').length);
  expect(builder.toString()).toBe(parts.join(''));
  builder.add('end');
  expect(builder.toString()).toBe(`${parts.join('')}end`);
});

test('a long text is asked for as it grows', () => {
  const asked: (number | undefined)[] = [];
  const builder = new Builder();
  const write = () => {
    for (let i = 0; i < 40; i++) builder.add('x'.repeat(10_000));
  };
  limited((bytes, isText) => {
    if (isText === true) asked.push(bytes);
  }, write);
  expect(asked).toEqual([70_000, 140_000, 210_000, 280_000, 350_000]);
});

/** Every rune once more as it is read: an invalid byte comes out as U+FFFD. */
function reread(text: string): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const [rune, size] = decodeRune(text, at);
    out += encodeRune(rune);
    at += size;
  }
  return out;
}

test.each(['a', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\x80', '\xf0\x9f', 'ab\xe2\x82', '\xff\xc3'])(
  'pieces are cut between the runes of %j',
  (text) => {
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const long = before + text.repeat(150_000 / text.length);
      expect(byPieces(long, reread)).toBe(reread(long));
    }
  },
);
