import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SortedKeys } from '../../src/mirror/keys.ts';
import type { KeyChange } from '../../src/mirror/keys.ts';

const bytes = fc.array(fc.constantFrom('/', 'a', 'b', '\x00', '\xff'), { maxLength: 4 }).map((chars) => chars.join(''));

test.each([5, 300])('keys stay sorted and are found by their first bytes, with up to %i at once', (many) => {
  const batch = fc.uniqueArray(bytes, { maxLength: many });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), bytes, (batches, start) => {
      const keys = new SortedKeys();
      const expected = new Set<string>();
      for (const batch of batches) {
        const touched = new Map(
          batch.map((key): [string, KeyChange] => [key, expected.has(key) ? 'removed' : 'added']),
        );
        keys.update(touched);
        for (const [key, touch] of touched)
          if (touch === 'added') expected.add(key);
          else expected.delete(key);
        keys.update(new Map([...expected].map((key) => [key, 'changed'])));
      }
      expect(keys.size).toBe(expected.size);
      expect(keys.startingWith('')).toEqual([...expected].sort());
      expect(keys.startingWith(start)).toEqual([...expected].filter((key) => key.startsWith(start)).sort());
    }),
  );
});
