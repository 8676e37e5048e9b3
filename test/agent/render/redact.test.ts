import { expect, test } from '@jest/globals';
import { redactValues } from '../../../src/agent/render/redact.ts';

const at = 'template: x.tmpl:1:2: executing "x.tmpl" at <atoi "hunter2">';

const rows: readonly (readonly [string, string, readonly string[], string])[] = [
  [
    'a value that could not be parsed',
    `${at}: error calling atoi: strconv.Atoi: parsing "hunter2": invalid syntax`,
    ['hunter2'],
    `${at}: error calling atoi: strconv.Atoi: parsing "***": invalid syntax`,
  ],
  [
    'a part of a value',
    `${at}: error calling atoi: strconv.Atoi: parsing "hunter2": invalid syntax`,
    ['{"password":"hunter2"}'],
    `${at}: error calling atoi: strconv.Atoi: parsing "***": invalid syntax`,
  ],
  [
    'bytes that Go escapes',
    `${at}: parsing "hun\\tter\\xff": invalid syntax`,
    ['hun\tter\xff'],
    `${at}: parsing "***": invalid syntax`,
  ],
  [
    'a value that is ranged over',
    `${at}: range can't iterate over hunter2`,
    ['hunter2'],
    `${at}: range can't iterate over ***`,
  ],
  [
    'a key that the template does not name',
    `${at}: map has no entry for key "user"`,
    ['hunter2'],
    `${at}: map has no entry for key "***"`,
  ],
  ['the template’s own name and source', `${at}: no such luck`, ['x.tmpl', 'hunter2'], `${at}: no such luck`],
  [
    'names on the way to a number in JSON',
    `${at}: json: cannot unmarshal number 1e400 into Go struct field .user.hunter2 of type float64`,
    ['{"user":{"hunter2":1e400}}'],
    `${at}: json: cannot unmarshal number *** into Go struct field *** of type float64`,
  ],
  [
    'a number in JSON that was made of a value',
    `${at}: json: cannot unmarshal number 703533566e5856 into Go value of type float64`,
    ['p53VnXV'],
    `${at}: json: cannot unmarshal number *** into Go value of type float64`,
  ],
  [
    'an escape in JSON',
    `${at}: invalid escape sequence \`\\uq9z1\` in string`,
    ['"\\uq9z1"'],
    `${at}: invalid escape sequence \`***\` in string`,
  ],
  ['a short text', `${at}: parsing "on": invalid syntax`, ['on'], `${at}: parsing "***": invalid syntax`],
];
test.each(rows)('%s', (_name, message, values, shown) => {
  expect(redactValues(message, { sources: [], keys: [], values })).toBe(shown);
});

// What the template says itself may be shown: it helps, and is no secret.
const said: readonly (readonly [string, string, string])[] = [
  ['a literal', 'parsing "12x": invalid syntax', 'parsing "12x": invalid syntax'],
  ['a literal that a value has, too', 'parsing "12x34": invalid syntax', 'parsing "***": invalid syntax'],
  ['a key that the template names', 'key does not exist: /db/url', 'key does not exist: /db/url'],
  ['a key made of known names', 'key does not exist: /web/port', 'key does not exist: /web/port'],
  ['a key made of a value', 'key does not exist: /web/2RETNUH', 'key does not exist: /web/***'],
  ['a letter of a value', "invalid character 'h' looking for value", "invalid character '*' looking for value"],
  ['a bracket', "invalid character '}' after top-level value", "invalid character '}' after top-level value"],
];
test.each(said)('%s', (_name, message, shown) => {
  const sources = ['{{atoi "12x"}} {{getv "/db/url"}}'];
  const hidden = redactValues(`${at}: ${message}`, { sources, keys: ['/web/name', '/x/port'], values: ['hunter2'] });
  expect(hidden).toBe(`${at}: ${shown}`);
});
