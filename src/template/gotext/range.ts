import { spend } from '../../go/budget.ts';
import { GoMap, IntType, Slice, typeOf } from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import type { BranchNode } from './node.ts';
import { compilePick, compilePipe } from './operands.ts';
import { sortedKeys } from './fmtsort.ts';
import { breakSignal, fail, stepsPerTurn } from './state.ts';
import type { Eval, Exec, RenderState, Signal, Steps } from './state.ts';
import { indirect, integerOf, makeInt } from './types.ts';
import type { ListCompiler, Scope } from './scope.ts';

/** Sets the loop variables before an iteration. */
type Bind = (run: RenderState, key: Value, elem: Value) => void;

interface Loop {
  readonly bind: Bind | null;
  /** Whether an iteration may assign a value of another static type to a loop variable. */
  readonly isReassigned: boolean;
  readonly hasKey: boolean;
  /** Sets the static types of key and element. */
  readonly setStatics: (run: RenderState, key: Type | undefined, elem: Type | undefined) => void;
}

/** A compiled range, independent of how its bodies run. */
interface Range<Body> extends Loop {
  readonly pipe: Eval;
  readonly body: Body;
  readonly otherwise: Body | null;
}

/** Compiles the parts of a range; compileList compiles its bodies. */
function compileParts<Body>(scope: Scope, node: BranchNode, compileList: ListCompiler<Body>): Range<Body> {
  const pipe = compilePipe(scope, node.pipe);
  const otherwise = node.elseList === null ? null : scope.inner(() => compileList(scope, node.elseList!));
  const { bind, setStatics } = compileBinding(scope, node);
  const dotSlot = (scope.dot = scope.newSlot());
  const body = compileList(scope, node.list);
  return {
    pipe,
    body,
    otherwise,
    bind,
    isReassigned: node.pipe.decl.some(({ name }) => scope.assigned.has(name)),
    hasKey: node.pipe.decl.length > 1,
    setStatics(run, key, elem) {
      run.statics[dotSlot] = elem;
      setStatics(run, key, elem);
    },
  };
}

/** Compiles a range. */
export function compileRange(scope: Scope, node: BranchNode, compileList: ListCompiler<Exec>): Exec {
  const range = compileParts(scope, node, compileList);
  const { pipe, body, otherwise } = range;
  return (run, dot) => {
    const turns = turnsOver(run, range, indirect(pipe(run, dot)));
    let turned = false;
    while (nextTurn(run, range, turns)) {
      turned = true;
      if (body(run, turns.elem) === breakSignal) break;
    }
    if (turned || otherwise === null) return 0;
    range.setStatics(run, undefined, undefined);
    return endElse(otherwise(run, dot));
  };
}

/** Compiles a range whose bodies call recursive templates. */
export function compileRangeSteps(scope: Scope, node: BranchNode, compileList: ListCompiler<Steps>): Steps {
  const range = compileParts(scope, node, compileList);
  const { pipe, body, otherwise } = range;
  return function* (run, dot) {
    const turns = turnsOver(run, range, indirect(pipe(run, dot)));
    let turned = false;
    while (nextTurn(run, range, turns)) {
      turned = true;
      if ((yield* body(run, turns.elem)) === breakSignal) break;
    }
    if (turned || otherwise === null) return 0;
    range.setStatics(run, undefined, undefined);
    return endElse(yield* otherwise(run, dot));
  };
}

/** As in Go, a break in an else ends the range of this else, and a continue means the range around it. */
const endElse = (signal: Signal): Signal => (signal === breakSignal ? 0 : signal);

function compileBinding(scope: Scope, node: BranchNode): Pick<Loop, 'bind' | 'setStatics'> {
  if (node.pipe.assigns) for (const { name } of node.pipe.decl) scope.assigned.add(name);
  const names = node.pipe.decl.map((variable) => variable.name);
  const elemName = names.at(-1);
  if (elemName === undefined) return { bind: null, setStatics: () => undefined };
  const elemSlot = compilePick(scope, elemName);
  // With one variable there is no key; if both variables have the same name, the element hides the key.
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

/** The iterations of a range; before the first one at the start. */
interface Turns {
  key: Value;
  elem: Value;
  /** The interface types that hold keys and elements, if any. */
  readonly keyType: Type | undefined;
  readonly elemType: Type | undefined;
  advance(): boolean;
}

function nextTurn(run: RenderState, { bind, isReassigned, setStatics }: Loop, turns: Turns): boolean {
  if (!turns.advance()) return false;
  spend(stepsPerTurn);
  if (isReassigned) setStatics(run, turns.keyType, turns.elemType);
  if (bind !== null) bind(run, turns.key, turns.elem);
  return true;
}

function turnsOver(run: RenderState, loop: Loop, collection: Value): Turns {
  if (collection instanceof Slice) return begin(run, loop, sliceTurns(collection, loop.hasKey));
  if (collection instanceof GoMap) return begin(run, loop, mapTurns(collection));
  if (collection === undefined) return integerTurns(IntType, 0n);
  const limit = integerOf(collection);
  if (limit === undefined) return fail(run, "range can't iterate over %v", collection);
  if (loop.hasKey) fail(run, "can't use %v to iterate over more than one variable", collection);
  return begin(run, loop, integerTurns(typeOf(collection), limit));
}

function begin(run: RenderState, { setStatics }: Loop, turns: Turns): Turns {
  setStatics(run, turns.keyType, turns.elemType);
  return turns;
}

const interfaceOnly = (type: Type | undefined) => (type?.kind === 'interface' ? type : undefined);

function sliceTurns(slice: Slice, hasKey: boolean): Turns {
  const { length } = slice;
  let i = -1;
  return {
    key: undefined,
    elem: undefined,
    keyType: undefined,
    elemType: interfaceOnly(slice.type.elem),
    advance() {
      if (++i >= length) return false;
      if (hasKey) this.key = BigInt(i);
      this.elem = slice.at(i);
      return true;
    },
  };
}

function mapTurns(map: GoMap): Turns {
  const keys = sortedKeys(map);
  spend(keys.length);
  const values = keys.map((key) => map.entries!.get(key)); // changes of the map during the iteration are not seen
  let i = -1;
  return {
    key: undefined,
    elem: undefined,
    keyType: interfaceOnly(map.type.key),
    elemType: interfaceOnly(map.type.elem),
    advance() {
      if (++i >= keys.length) return false;
      this.key = keys[i];
      this.elem = values[i];
      return true;
    },
  };
}

function integerTurns(type: Type, limit: bigint): Turns {
  let i = -1n;
  return {
    key: undefined,
    elem: undefined,
    keyType: undefined,
    elemType: undefined,
    advance() {
      if (++i >= limit) return false;
      this.elem = makeInt(type, i);
      return true;
    },
  };
}
