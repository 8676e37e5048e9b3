import { expect, test } from '@jest/globals';
import { limited } from '../../src/go/budget.ts';
import { encode } from '../../src/go/json-encode.ts';
import { encodeString, encodeStringStep, stepBytes, styleOf } from '../../src/go/json-string.ts';
import { jsonString } from '../../src/minietcd/http/net/escapes.ts';

// How strings are escaped is held by golden rows for Go, and by etcd's own answers (keys.test.ts) for etcd.

const texts = ['é', '😀', '\u2028', '\u2029', '<', '\xff', '\xe4\xb8', '\xf0\x9f\x98', '\xe2\x80', '\b', 'plain'];
const styles = [
  ['Go', encode],
  ['etcd', jsonString],
] as const;
const rows = styles.flatMap(([name, write]) => texts.map((text) => [text, name, write] as const));

test.each(rows)('%j reads the same wherever a step ends, as %s writes it', (text, _name, write) => {
  const tail = /^[\x80-\xff]+$/.test(text) && text !== 'é' ? text : Buffer.from(text, 'utf8').toString('latin1');
  const short = write(`${tail}.${tail}`).slice(1);
  for (let before = stepBytes - 9; before < stepBytes + 2; before++) {
    const plain = 'p'.repeat(before);
    expect(write(plain + `${tail}.${tail}`)).toBe(`"${plain}${short}`);
  }
});

test.each([
  ['\b\f\n', '"\\b\\f\\n"', '"\\u0008\\u000c\\n"'],
  ['\xff', '"\xef\xbf\xbd"', '"\\ufffd"'],
])('%j is written otherwise by etcd, whose Go is older', (bytes, go, etcd) => {
  expect([encode(bytes), jsonString(bytes)]).toEqual([go, etcd]);
});

test('the steps of a string make the string', () => {
  const style = styleOf({}, '?');
  const bytes = `${'<é'.repeat(stepBytes)}\xff`;
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const [piece, next] = encodeStringStep(bytes, at, style);
    pieces.push(piece.toString('latin1'));
    at = next;
  }
  expect(`"${pieces.join('')}"`).toBe(encodeString(bytes, style));
  expect(pieces.length).toBeGreaterThan(1);
});

test('a long string is written under the clock of who asks for it', () => {
  let ticks = 0;
  limited(
    () => ticks++,
    () => encode('<'.repeat(4 * stepBytes)),
  );
  expect(ticks).toBeGreaterThanOrEqual(4);
});
