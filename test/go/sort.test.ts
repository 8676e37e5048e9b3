import { expect, test } from '@jest/globals';
import { sortSort } from '../../src/go/sort.ts';
import { storedRows } from '../helpers/goRows.ts';
import { testRows } from '../helpers/testRows.ts';

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
