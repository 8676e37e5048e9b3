import { GoMap, Slice, typeOf } from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import type { BranchNode, ListNode } from './node.ts';
import { compilePick, compilePipe } from './operands.ts';
import { sortedKeys } from './order.ts';
import { breakSignal, fail, work } from './run.ts';
import type { Exec, Run, Signal } from './run.ts';
import { indirect, integerOf, makeInt } from './types.ts';
import type { Scope } from './unit.ts';

/** Gives the loop variables their values before a turn. */
type Bind = (run: Run, key: Value, elem: Value) => void;

interface Loop {
  readonly body: Exec;
  readonly bind: Bind | null;
  readonly hasKey: boolean;
  /** Tells which static types key and element have. */
  readonly setStatics: (run: Run, key: Type | undefined, elem: Type | undefined) => void;
}

/** Compiles a range; compileList compiles its bodies. */
export function compileRange(
  scope: Scope,
  node: BranchNode,
  compileList: (scope: Scope, list: ListNode) => Exec,
): Exec {
  const pipe = compilePipe(scope, node.pipe);
  const otherwise = node.elseList === null ? null : scope.inner(() => compileList(scope, node.elseList!));
  const { bind, setStatics } = compileBinding(scope, node);
  const dotSlot = (scope.dot = scope.newSlot());
  const loop: Loop = {
    body: compileList(scope, node.list),
    bind,
    hasKey: node.pipe.decl.length > 1,
    setStatics(run, key, elem) {
      run.statics[dotSlot] = elem;
      setStatics(run, key, elem);
    },
  };
  return (run, dot) => {
    const collection = indirect(pipe(run, dot));
    const turns = iterate(run, loop, collection);
    if (turns || otherwise === null) return 0;
    loop.setStatics(run, undefined, undefined);
    return otherwise(run, dot);
  };
}

function compileBinding(scope: Scope, node: BranchNode): Pick<Loop, 'bind' | 'setStatics'> {
  const names = node.pipe.decl.map((variable) => variable.name);
  const elemName = names.at(-1);
  if (elemName === undefined) return { bind: null, setStatics: () => undefined };
  const elemSlot = compilePick(scope, elemName);
  // With one variable there is no key; of two variables of one name the element's hides the key's.
  const keySlot = names.length < 2 || names[0] === elemName ? null : compilePick(scope, names[0]!);
  return {
    bind(run, key, elem) {
      if (keySlot !== null) run.vars[keySlot(run)] = key;
      run.vars[elemSlot(run)] = elem;
    },
    setStatics(run, key, elem) {
      if (keySlot !== null) run.statics[keySlot(run)] = key;
      run.statics[elemSlot(run)] = elem;
    },
  };
}

/** Whether there was a turn. */
function iterate(run: Run, loop: Loop, collection: Value): boolean {
  if (collection instanceof Slice) return iterateSlice(run, loop, collection);
  if (collection instanceof GoMap) return iterateMap(run, loop, collection);
  if (collection === undefined) return false;
  const limit = integerOf(collection);
  if (limit === undefined) return fail(run, "range can't iterate over %v", collection);
  if (loop.hasKey) fail(run, "can't use %v to iterate over more than one variable", collection);
  return iterateInteger(run, loop, { type: typeOf(collection), limit });
}

const interfaceOnly = (type: Type | undefined) => (type?.kind === 'interface' ? type : undefined);

function turn(run: Run, { body, bind }: Loop, key: Value, elem: Value): Signal {
  work(run, 1);
  if (bind !== null) bind(run, key, elem);
  return body(run, elem);
}

function iterateSlice(run: Run, loop: Loop, slice: Slice): boolean {
  const { length } = slice;
  loop.setStatics(run, undefined, interfaceOnly(slice.type.elem));
  for (let i = 0; i < length; i++) {
    if (turn(run, loop, loop.hasKey ? BigInt(i) : undefined, slice.at(i)) === breakSignal) break;
  }
  return length > 0;
}

function iterateMap(run: Run, loop: Loop, map: GoMap): boolean {
  const keys = sortedKeys(map);
  loop.setStatics(run, interfaceOnly(map.type.key), interfaceOnly(map.type.elem));
  const values = keys.map((key) => map.entries!.get(key)); // what a turn changes in the map is not seen
  for (const [i, key] of keys.entries()) {
    if (turn(run, loop, key, values[i]) === breakSignal) break;
  }
  return keys.length > 0;
}

function iterateInteger(run: Run, loop: Loop, { type, limit }: { type: Type; limit: bigint }): boolean {
  loop.setStatics(run, undefined, undefined);
  for (let i = 0n; i < limit; i++) {
    if (turn(run, loop, undefined, makeInt(type, i)) === breakSignal) break;
  }
  return limit > 0n;
}
