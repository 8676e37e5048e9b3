import { reserve, spend } from '../../go/budget.ts';
import { sortSort } from '../../go/sort.ts';
import { AnysType, func, InterfaceType, Slice, sliceOf, StringsType, variadicFunc } from '../../go/value.ts';
import type { Func, Type, Value } from '../../go/value.ts';
import type { KVPair } from '../../mirror/pair.ts';
import { KVPairType } from '../../mirror/pair.ts';

const bytesPerElement = 8;
const PairSliceType = sliceOf(KVPairType);

/** Functions on lists. reverse and the sorts work in place, as confd's do: who else holds the list sees it. */
export const listFuncs: ReadonlyMap<string, Func> = new Map([
  ['reverse', func([InterfaceType], InterfaceType, reverse)],
  ['sortByLength', func([StringsType], StringsType, (list: Slice) => sortBy(list, (text) => (text as string).length))],
  [
    'sortKVByLength',
    func([PairSliceType], PairSliceType, (list: Slice) => {
      sortBy(list, (pair) => (pair as KVPair).key.length);
      // gets returns another type of list; from here on it is one that reverse knows.
      return new Slice(PairSliceType, list.array, list.offset, list.length, list.capacity);
    }),
  ],
  ['list', variadicFunc([InterfaceType], AnysType, (...values: Value[]) => slice(AnysType, values))],
  [
    'append',
    func([AnysType, InterfaceType], AnysType, (list: Slice, value: Value) =>
      slice(AnysType, [...elements<Value>(list), value]),
    ),
  ],
]);

/** A new list that owns its array. */
export function slice(type: Type, values: Value[]): Slice {
  return new Slice(type, values);
}

/** A new list of strings. */
export function strings(values: string[]): Slice {
  return new Slice(StringsType, values);
}

/** The elements of a list, in a new array. */
function elements<T extends Value>({ array, offset, length }: Slice): T[] {
  reserve(2 * bytesPerElement * length); // some are copied once more
  return (array ?? []).slice(offset, offset + length) as T[];
}

/** Turns a list of strings or pairs around; leaves anything else as it is, the result of gets among it. */
function reverse(value: Value): Value {
  if (value instanceof Slice && (value.type === StringsType || value.type === PairSliceType)) {
    put(value, elements<Value>(value).reverse());
  }
  return value;
}

function put({ array, offset }: Slice, values: readonly Value[]): void {
  spend(values.length);
  for (const [i, value] of values.entries()) array![offset + i] = value;
}

/** Sorts in place, with Go's order among equals. */
function sortBy(list: Slice, length: (value: Value) => number): Slice {
  const values = elements<Value>(list);
  sortSort(values, (a, b) => length(a) < length(b));
  put(list, values);
  return list;
}
