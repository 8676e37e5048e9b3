import { sortStrings } from '../../go/sort.ts';
import { Complex, Num } from '../../go/value.ts';
import type { GoMap, Value } from '../../go/value.ts';

/** The keys of a map in the order of Go's templates. */
export function sortedKeys(map: GoMap): Value[] {
  if (map.entries === null) return [];
  const keys = [...map.entries.keys()];
  // For byte strings, the order of UTF-16 code units is that of bytes.
  return keys.every((key) => typeof key === 'string') ? sortStrings(keys) : keys.sort(compareKeys);
}

/** NaN comes first; keys of different types have no order, as in Go. */
function compareKeys(a: Value, b: Value): number {
  const x = sortable(a);
  const y = sortable(b);
  if (typeof x !== typeof y) return typeof x < typeof y ? -1 : 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(y)) - Number(Number.isNaN(x));
  return x < y ? -1 : x > y ? 1 : 0;
}

function sortable(key: Value): string | bigint | number {
  if (key instanceof Num) return key.value;
  if (key instanceof Complex) return key.re;
  if (typeof key === 'boolean') return Number(key);
  return typeof key === 'string' || typeof key === 'bigint' || typeof key === 'number' ? key : '';
}
