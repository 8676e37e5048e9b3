import { spend } from '../../go/budget.ts';
import { GoMap, Slice } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';

const stepsPerCall = 128;

/**
 * Counts the cost of a call by the size of its arguments and its result: most functions read and write all of it once.
 */
export function spendOn(values: readonly Value[], result: Value): void {
  let steps = stepsPerCall + sizeOf(result);
  for (let i = 0; i < values.length; i++) steps += sizeOf(values[i]);
  spend(steps);
}

function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length >> 6;
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof Slice) return value.length >> 2;
  return value instanceof GoMap ? (value.entries?.size ?? 0) >> 2 : 0;
}
