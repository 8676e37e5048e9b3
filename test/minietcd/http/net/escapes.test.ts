import { expect, test } from '@jest/globals';
import { jsonString, stepBytes } from '../../../../src/minietcd/http/net/escapes.ts';

// How strings are escaped is held by keys.test.ts, against etcd's own answers.
test.each(['é', '😀', '\u2028', '\u2029', '<', '\xff', '\xe4\xb8', '\xf0\x9f\x98', '\xe2\x80', 'plain'])(
  '%j reads the same wherever a step ends',
  (text) => {
    const tail = /^[\x80-\xff]+$/.test(text) && text !== 'é' ? text : Buffer.from(text, 'utf8').toString('latin1');
    const short = jsonString(`${tail}.${tail}`).slice(1);
    for (let before = stepBytes - 9; before < stepBytes + 2; before++) {
      const plain = 'p'.repeat(before);
      expect(jsonString(plain + `${tail}.${tail}`)).toBe(`"${plain}${short}`);
    }
  },
);
