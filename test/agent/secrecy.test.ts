import { expect, test } from '@jest/globals';
import { hideValues } from '../../src/agent/secrecy.ts';

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
    'a key, which is no value',
    `${at}: map has no entry for key "user"`,
    ['hunter2'],
    `${at}: map has no entry for key "user"`,
  ],
  ['the template’s own name and source', `${at}: no such luck`, ['x.tmpl', 'hunter2'], `${at}: no such luck`],
  ['a text too short to tell', `${at}: parsing "on": invalid syntax`, ['on'], `${at}: parsing "on": invalid syntax`],
];
test.each(rows)('%s', (_name, message, values, shown) => {
  expect(hideValues(message, values)).toBe(shown);
});
