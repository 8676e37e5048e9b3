import { expect, test } from '@jest/globals';
import { counted } from '../../src/go/count.ts';

test.each([
  [0, '0 keys', '0 entries'],
  [1, '1 key', '1 entry'],
  [2, '2 keys', '2 entries'],
])('%d', (count, keys, entries) => {
  expect([counted(count, 'key'), counted(count, 'entry', 'entries')]).toEqual([keys, entries]);
});
