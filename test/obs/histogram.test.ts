import { expect, test } from '@jest/globals';
import { doublings, Histogram } from '../../src/obs/histogram.ts';

test('a duration counts in its own bucket and in all that are longer; its bound belongs to a bucket', () => {
  const times = new Histogram(doublings(0.25, 3));
  for (const seconds of [0, 0.25, 0.75, 1.5]) times.add(seconds);
  expect(times.total).toBe(4);
  expect(times.toLines('t')).toEqual([
    't_bucket{le="0.25"} 2',
    't_bucket{le="0.5"} 2',
    't_bucket{le="1"} 3',
    't_bucket{le="+Inf"} 4',
    't_sum 2.5',
    't_count 4',
  ]);
});

test('a label stands beside the bound', () => {
  const times = new Histogram([1]);
  times.add(0.5);
  expect(times.toLines('t', 'method="GET"')).toEqual([
    't_bucket{method="GET",le="1"} 1',
    't_bucket{method="GET",le="+Inf"} 1',
    't_sum{method="GET"} 0.5',
    't_count{method="GET"} 1',
  ]);
});
