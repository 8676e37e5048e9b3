import { decodeArray, decodeObject, decodeValue, encode, encodeIndented } from '../../go/json.ts';
import { sortStrings } from '../../go/sort.ts';
import {
  AnysType,
  BoolType,
  func,
  GoError,
  GoMap,
  InterfaceType,
  StringMapType,
  StringsType,
  StringType,
  variadicFunc,
} from '../../go/value.ts';
import type { Func, Value } from '../../go/value.ts';
import { slice, strings } from './lists.ts';
import { isTrue } from '../gotext/types.ts';

/** Functions on JSON, maps and values of any kind. */
export const dataFuncs: ReadonlyMap<string, Func> = new Map([
  ['json', func([StringType], StringMapType, decodeObject)],
  ['jsonArray', func([StringType], AnysType, decodeArray)],
  ['fromJson', func([StringType], InterfaceType, decodeValue)],
  ['toJson', func([InterfaceType], StringType, encode)],
  ['toPrettyJson', func([InterfaceType], StringType, encodeIndented)],
  ['map', variadicFunc([InterfaceType], StringMapType, makeMap)],
  ['dict', variadicFunc([InterfaceType], StringMapType, makeMap)],
  ['hasKey', func([StringMapType, StringType], BoolType, (map: GoMap, key: string) => entries(map).has(key))],
  ['keys', func([StringMapType], StringsType, (map: GoMap) => strings(keys(map)))],
  [
    'values',
    func([StringMapType], AnysType, (map: GoMap) =>
      slice(
        AnysType,
        keys(map).map((key) => at(map, key)),
      ),
    ),
  ],
  ['pluck', variadicFunc([StringType, StringMapType], AnysType, pluck)],
  ['empty', func([InterfaceType], BoolType, isEmpty)],
  [
    'default',
    func([InterfaceType, InterfaceType], InterfaceType, (other: Value, value: Value) =>
      isEmpty(value) ? other : value,
    ),
  ],
  [
    'coalesce',
    variadicFunc([InterfaceType], InterfaceType, (...values: Value[]) => values.find((each) => !isEmpty(each)) ?? null),
  ],
  [
    'ternary',
    func([InterfaceType, InterfaceType, BoolType], InterfaceType, (yes: Value, no: Value, is: boolean) =>
      is ? yes : no,
    ),
  ],
]);

const none: ReadonlyMap<Value, Value> = new Map();
const entries = (map: GoMap) => map.entries ?? none;
const keys = (map: GoMap) => sortStrings([...entries(map).keys()] as string[]);
const at = (map: GoMap, key: string) => entries(map).get(key) ?? null;

function makeMap(...values: Value[]): GoMap {
  if (values.length % 2 !== 0) throw new GoError('invalid map call');
  const made = new Map<Value, Value>();
  for (let i = 0; i < values.length; i += 2) {
    if (typeof values[i] !== 'string') throw new GoError('map keys must be strings');
    made.set(values[i], values[i + 1]);
  }
  return new GoMap(StringMapType, made);
}

function pluck(key: string, ...maps: GoMap[]): Value {
  return slice(
    AnysType,
    maps.filter((map) => entries(map).has(key)).map((map) => at(map, key)),
  );
}

/** True for nil, false, zero, and values without elements. */
function isEmpty(value: Value): boolean {
  return !isTrue(value);
}
