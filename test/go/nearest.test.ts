import { expect, test } from '@jest/globals';
import { nearest } from '../../src/go/nearest.ts';

const names = [
  'getv',
  'gets',
  'getvs',
  'get',
  'toUpper',
  'toLower',
  'lookupIP',
  'lookupIPV4',
  'constructor',
  '/app/db/host',
];

test.each([
  ['nofunc', null],
  ['', null],
  ['x', null],
  ['getv', 'gets'], // itself is no answer
  ['upper', 'toUpper'],
  ['up', null],
  ['toupper', 'toUpper'],
  ['toUper', 'toUpper'],
  ['toLowerr', 'toLower'],
  ['tpLowre', 'toLower'],
  ['getvss', 'getvs'],
  ['gtev', 'getv'],
  ['gte', 'get'],
  ['gta', null],
  ['gxe', null],
  ['lookupIPv4', 'lookupIPV4'],
  ['lookupip', 'lookupIP'],
  ['constructer', 'constructor'],
  ['__proto__', null],
  ['/app/db/hots', '/app/db/host'],
  ['/app/host', '/app/db/host'],
  ['x'.repeat(1000), null],
])('%s: %s', (name, expected) => {
  expect(nearest(name, names)).toBe(expected);
});

test('a hundred thousand names take no time to speak of', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `/app/services/web/instance-${i}/address`);
  expect(nearest('/app/services/web/instance-77777/adress', many)).toBe('/app/services/web/instance-77777/address');
});
