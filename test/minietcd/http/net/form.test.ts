import { describe, expect, test } from '@jest/globals';
import { isForm, parseForm } from '../../../../src/minietcd/http/net/form.ts';
import { atOnce } from '../../../../src/minietcd/state/steps.ts';

// What faults are called is held by keys.test.ts, against etcd's own answers.
test.each(['application/', 'a b', ';', 'a/b c', 'a/b; x', 'a/b; x=1; X=2'])('%j is no Content-Type', (type) => {
  expect(() => isForm(type)).toThrow(expect.objectContaining({ code: 210 }));
});

test.each([
  [undefined, false],
  ['', false],
  ['text/plain', false],
  ['form', false],
  ['application/x-www-form-urlencoded', true],
  ['Application/X-WWW-Form-Urlencoded ; charset="a;b" ;', true],
])('%j is read as a form: %s', (type, read) => {
  expect(isForm(type)).toBe(read);
});

describe('parameters', () => {
  test.each([['a=%'], ['a=%g1'], ['%1=a'], ['a;b'], ['a=1&b=;']])('%j cannot be read', (text) => {
    expect(() => atOnce(parseForm(text, ''))).toThrow(expect.objectContaining({ code: 210 }));
    expect(() => atOnce(parseForm('', text))).toThrow(expect.objectContaining({ code: 210 }));
  });

  test.each([
    ['a=1&a=2', 'a=3', [['a', '1']]],
    [
      '',
      'a=3&a=4&b',
      [
        ['a', '3'],
        ['b', ''],
      ],
    ],
    [
      'a=b=c&=d&&',
      '',
      [
        ['a', 'b=c'],
        ['', 'd'],
      ],
    ],
    ['a+b=%2B+%ff', '', [['a b', '+ \xff']]],
    ['__proto__=1', '', [['__proto__', '1']]],
  ])('body %j and query %j', (body, query, pairs) => {
    expect([...atOnce(parseForm(body, query))]).toEqual(pairs);
  });
});
