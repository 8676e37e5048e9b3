import { expect, test } from '@jest/globals';
import { sortSort } from '../../src/go/sort.ts';
import { storedRows } from '../helpers/goRows.ts';

const rows = storedRows<{ lengths: number[]; places: number[] }>('sort');

test('equal elements end up in the order in which Go leaves them', () => {
  for (const { lengths, places } of rows) {
    const sorted = lengths.map((_, i) => i);
    sortSort(sorted, (a, b) => lengths[a]! < lengths[b]!);
    expect(sorted).toEqual(places);
  }
});

test('that order is not the one of a stable sort', () => {
  const isStable = ({ lengths, places }: (typeof rows)[number]): boolean => {
    return places.every((place, i) => i === 0 || lengths[places[i - 1]!] !== lengths[place] || places[i - 1]! < place);
  };
  expect(rows.filter((row) => !isStable(row)).length).toBeGreaterThan(100);
});
