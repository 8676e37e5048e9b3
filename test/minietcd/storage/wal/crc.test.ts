import { expect, test } from '@jest/globals';
import { crc32c } from '../../../../src/minietcd/storage/wal/crc.ts';

const sum = (text: string) => crc32c(Buffer.from(text, 'latin1'), 0, text.length);

// The check value of the algorithm, and those of RFC 3720, B.4.
test.each([
  ['', 0],
  ['123456789', 0xe3069283],
  ['\0'.repeat(32), 0x8a9136aa],
  ['\xff'.repeat(32), 0x62a8ab43],
  [String.fromCharCode(...Array(32).keys()), 0x46dd794e],
])('of %j', (text, expected) => {
  expect(sum(text)).toBe(expected);
});

test('goes on from any point', () => {
  const bytes = Buffer.from('a longer text than one step of the loop takes');
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at))).toBe(crc32c(bytes, 0, bytes.length));
  }
});
