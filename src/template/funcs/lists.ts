import { reserve, spend } from '../../go/budget.ts';
import { sortSort } from '../../go/sort.ts';
import { AnysType, func, InterfaceType, Slice, sliceOf, StringsType, variadicFunc } from '../../go/value.ts';
import type { Func, Type, Value } from '../../go/value.ts';
import type { KVPair } from '../../mirror/pair.ts';
import { KVPairType } from '../../mirror/pair.ts';

const bytesPerElement = 8;
const PairSliceType = sliceOf(KVPairType);

/**
 * Functions on lists. reverse and the sorts change the list in place, as in confd: other holders of the list see it.
 */
export const listFuncs: ReadonlyMap<string, Func> = new Map([
  ['reverse', func([InterfaceType], InterfaceType, reverse)],
  ['sortByLength', func([StringsType], StringsType, (list: Slice) => sortBy(list, (text) => (text as string).length))],
  [
    'sortKVByLength',
    func([PairSliceType], PairSliceType, (list: Slice) => {
      sortBy(list, (pair) => (pair as KVPair).key.length);
      // gets returns another list type; from here on it is one that reverse accepts.
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
  reserve(2 * bytesPerElement * length); // some types are copied once more
  return (array ?? []).slice(offset, offset + length) as T[];
}

/** Reverses a list of strings or pairs; returns everything else unchanged, including the result of gets. */
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

/** Sorts in place, with Go's order of equal elements. */
function sortBy(list: Slice, length: (value: Value) => number): Slice {
  const values = elements<Value>(list);
  sortSort(values, (a, b) => length(a) < length(b));
  put(list, values);
  return list;
}
