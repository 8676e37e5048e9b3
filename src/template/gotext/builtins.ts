import { sprint, sprintf, sprintln } from '../../go/fmt.ts';
import {
  BoolType,
  Func,
  GoError,
  InterfaceType,
  IntType,
  StringType,
  func,
  typeOf,
  variadicFunc,
} from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import { isEqual, isLess, isLessOrEqual } from './compare.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { index, length, prepare, slice } from './indexing.ts';
import { isTrue, printable, ReflectType } from './types.ts';

/** The built-in functions. and, or and call are here for their signatures only: calls.ts runs them. */
export const builtins: ReadonlyMap<string, Func> = new Map([
  ['and', reflective(ReflectType, 1, unreachable)],
  ['call', reflective(ReflectType, 1, unreachable)],
  ['eq', reflective(BoolType, 1, (first: Value, ...others: Value[]) => isEqual(first, others))],
  ['ge', compare((a, b) => !isLess(a, b))],
  ['gt', compare((a, b) => !isLessOrEqual(a, b))],
  ['html', printing((args) => escapeHtml(join(args)))],
  ['index', reflective(ReflectType, 1, (item: Value, ...indexes: Value[]) => index(item, indexes))],
  ['js', printing((args) => escapeJs(join(args)))],
  ['le', compare(isLessOrEqual)],
  ['len', func([ReflectType], IntType, (item: Value) => length(item))],
  ['lt', compare(isLess)],
  ['ne', compare((a, b) => !isEqual(a, [b]))],
  ['not', func([ReflectType], BoolType, (value: Value) => !isTrue(value))],
  ['or', reflective(ReflectType, 1, unreachable)],
  ['print', printing(sprint)],
  ['printf', variadicFunc([StringType, InterfaceType], StringType, (f: string, ...args: Value[]) => sprintf(f, args))],
  ['println', printing(sprintln)],
  ['slice', reflective(ReflectType, 1, (item: Value, ...indexes: Value[]) => slice(item, indexes))],
  ['urlquery', printing((args) => escapeQuery(join(args)))],
]);

/** A variadic function that takes its arguments unconverted, at least `least` of them. */
function reflective(result: Type, least: number, call: (...args: never[]) => Value): Func {
  return variadicFunc(Array<Type>(least + 1).fill(ReflectType), result, call);
}

function compare(call: (a: Value, b: Value) => boolean): Func {
  return func([ReflectType, ReflectType], BoolType, call);
}

function printing(call: (args: readonly Value[]) => string): Func {
  return variadicFunc([InterfaceType], StringType, (...args: Value[]) => call(args));
}

function unreachable(): never {
  throw new Error('and, or and call are compiled apart');
}

/** The arguments as one text for the escaping functions, each as an action would print it. */
function join(args: readonly Value[]): string {
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
  return sprint(args.map((arg) => (arg === null || arg === undefined ? '<no value>' : printable(arg))));
}

/** call: runs a function value. `name` is the text of the callee, null if it came from the pipeline. */
export function callValue(name: string | null, fn: Value, args: readonly Value[]): Value {
  if (fn === undefined || fn === null) throw new GoError('call of nil');
  const shown = name ?? (typeof fn === 'string' ? fn : `<${typeOf(fn).name} Value>`);
  if (!(fn instanceof Func)) throw new GoError(`non-function ${shown} of type ${typeOf(fn).name}`);
  const { params, variadic } = fn.type.signature!;
  const got = `wrong number of args for ${shown}: got ${args.length} want`;
  if (variadic && args.length < params.length - 1) throw new GoError(`${got} at least ${params.length - 1}`);
  if (!variadic && args.length !== params.length) throw new GoError(`${got} ${params.length}`);
  return fn.call(args.map((arg, i) => prepareArg(i, arg, params[Math.min(i, params.length - 1)]!)));
}

function prepareArg(i: number, arg: Value, type: Type): Value {
  try {
    return prepare(arg, type);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`arg ${i}: ${error.message}`, { cause: error });
    throw error;
  }
}
