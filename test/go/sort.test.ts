import { expect, test } from '@jest/globals';
import { sortSort, sortStrings } from '../../src/go/sort.ts';
import { storedRows } from '../helpers/go-rows.ts';
import { testRows } from '../helpers/test-rows.ts';

const rows = storedRows<{ lengths: number[]; places: number[] }>('sort');

testRows('equal elements end up in the order in which Go leaves them', rows, ({ lengths, places }) => {
  const sorted = lengths.map((_, i) => i);
  sortSort(sorted, (a, b) => lengths[a]! < lengths[b]!);
  expect(sorted).toEqual(places);
});

test('that order is not the one of a stable sort', () => {
  const isStable = ({ lengths, places }: (typeof rows)[number]): boolean => {
    return places.every((place, i) => i === 0 || lengths[places[i - 1]!] !== lengths[place] || places[i - 1]! < place);
  };
  expect(rows.filter((row) => !isStable(row)).length).toBeGreaterThan(100);
});

test.each([0, 1, 1000, 32_768, 32_769, 200_001])('%d strings are sorted in place', (count) => {
  const list = Array.from({ length: count }, (_, i) => String((i * 7919) % 100_003));
  const sorted = [...list].sort();
  expect(sortStrings(list)).toBe(list);
  expect(list).toEqual(sorted);
});
