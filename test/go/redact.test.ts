import { expect, test } from '@jest/globals';
import { maskUserinfo, redact } from '../../src/go/redact.ts';

test.each([
  ['http://me:pw@h', 'http://***@h', 'http://***@h'],
  ['http://me:p@w@h', 'http://***@h', 'http://***@h'],
  ['http:/me:pw@h', '***@h', '***@h'],
  ['https;//me:pw@h', '***@h', '***@h'],
  ['me:p\nw@h', '***@h', '***@h'],
  ['//me:pw@h', '***@h', '***@h'],
  ['me@corp', '***@corp', 'me@corp'],
  ['/mail/me@corp', '***@corp', '/mail/me@corp'],
  ['./a:b@c', '***@c', './a:b@c'],
  ['http://h:4001/x', 'http://h:4001/x', 'http://h:4001/x'],
  ['', '', ''],
])('%j', (text, node, other) => {
  expect([maskUserinfo(text), redact(text)]).toEqual([node, other]);
});
