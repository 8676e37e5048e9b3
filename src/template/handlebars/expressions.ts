import { spend } from '../../go/budget.ts';
import { printValue } from '../../go/fmt.ts';
import { GoError, GoMap, StringMapType } from '../../go/value.ts';
import type { Func, Value } from '../../go/value.ts';
import { spendOn } from '../engine/cost.ts';
import type { Call, Expression, Hash, Literal, Node, Path } from './ast.ts';
import { entriesOf, fieldOf, isNothing } from './fields.ts';
import { stepsPerTurn } from './state.ts';
import type { HbsEval, HbsFrame, HbsState, Vars } from './state.ts';
import { failure } from './scope.ts';
import type { Scope } from './scope.ts';

/** Built-in blocks, which are not functions. */
export const blockNames: ReadonlySet<string> = new Set(['if', 'unless', 'each', 'with']);

/** Compiles an argument; the last name of a path may be unknown. */
export function compileExpression(scope: Scope, node: Expression): HbsEval {
  switch (node.type) {
    case 'PathExpression':
      return compilePath(scope, node, false);
    case 'SubExpression':
      return compileCall(scope, node);
    default: {
      const value = literalOf(node);
      return () => value;
    }
  }
}

function literalOf({ value }: Literal): Value {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** The beginning of a path that says where to look: `./`, `../` or `this`. */
const beginsHere = /^\.|^this\b/;

/** A name that may be a function, or null for a path with more than a name. */
export function callName({ params }: Pick<Scope, 'params'>, { path }: Pick<Call, 'path'>): string | null {
  if (path.type !== 'PathExpression') return String(path.value);
  const [name] = path.parts;
  const isName = !path.data && path.parts.length === 1 && !beginsHere.test(path.original);
  return isName && name !== undefined && !params.some((names) => names.includes(name)) ? name : null;
}

/** Compiles the content of braces: a function call, or a value. */
export function compileCall(scope: Scope, call: Call): HbsEval {
  const name = callName(scope, call);
  if (name === 'lookup') return compileLookup(scope, call);
  if (name !== null && blockNames.has(name)) throw failure(scope, call, `${name} is a block: {{#${name} ...}}`);
  const declared = name === null ? undefined : functionOf(scope, name);
  if (name !== null && declared !== undefined) {
    const named = { name, declared };
    return call.params.length > 0 ? compileFunction(scope, call, named) : compileEither(scope, call, named);
  }
  if (call.params.length > 0 || call.hash !== undefined) {
    throw failure(scope, call, `function "${String(call.path.original)}" not defined`);
  }
  return call.path.type === 'PathExpression' ? compilePath(scope, call.path, true) : compileName(scope, call, name!);
}

function functionOf({ compilation }: Scope, name: string): Func | undefined {
  return compilation.funcs.get(name) ?? compilation.language.builtins.get(name);
}

interface Named {
  readonly name: string;
  readonly declared: Func;
}

/** A single name: a field if there is one, otherwise a call of the function of that name. */
function compileEither(scope: Scope, call: Call, named: Named): HbsEval {
  const { signature } = named.declared.type;
  const mayCall = signature!.params.length === (signature!.variadic ? 1 : 0);
  const invoke = mayCall || call.hash !== undefined ? compileFunction(scope, call, named) : null;
  return (run, frame) => {
    const field = fieldOf(frame.context.value, named.name);
    if (field !== undefined) return field;
    if (invoke === null) throw arityFailure(scope, call, named);
    return invoke(run, frame);
  };
}

function arityFailure(scope: Scope, call: Call, { name, declared }: Named): Error {
  const { params, variadic } = declared.type.signature!;
  const wanted = variadic ? `at least ${params.length - 1}` : String(params.length);
  return failure(scope, call, `wrong number of args for ${name}: want ${wanted} got ${call.params.length}`);
}

function compileFunction(scope: Scope, call: Call, { name, declared }: Named): HbsEval {
  const { compilation } = scope;
  const { params, variadic } = declared.type.signature!;
  const args = call.params.map((param) => compileExpression(scope, param));
  if (call.hash !== undefined) throw failure(scope, call, `${name} takes no named arguments`);
  const least = params.length - (variadic ? 1 : 0);
  if (variadic ? args.length < least : args.length !== least) throw arityFailure(scope, call, { name, declared });
  return (run, frame) => {
    const values = args.map((arg) => arg(run, frame));
    const { call: invoke } = run.funcs.get(name) ?? declared;
    try {
      const result = invoke(
        values.map((value, i) => compilation.language.fit(value, params[Math.min(i, params.length - 1)]!)),
      );
      spendOn(values, result);
      return result;
    } catch (error) {
      // Other errors, such as a Suspend, pass through.
      if (!(error instanceof GoError)) throw error;
      throw failure(scope, call, `error calling ${name}: ${error.message}`);
    }
  };
}

/** lookup: the field, item or element whose name is a value. */
function compileLookup(scope: Scope, call: Call): HbsEval {
  const [of, name] = call.params.map((param) => compileExpression(scope, param));
  if (of === undefined || name === undefined || call.params.length > 2) {
    throw failure(scope, call, `wrong number of args for lookup: want 2 got ${call.params.length}`);
  }
  return (run, frame) => {
    const value = of(run, frame);
    const key = name(run, frame);
    if (typeof value !== 'object' && isNothing(value)) return value;
    return typeof key === 'object' ? undefined : fieldOf(value, String(key));
  };
}

/** A literal in place of a name: `{{"a b"}}` is the field of that name. */
function compileName(scope: Scope, node: Node, name: string): HbsEval {
  return compileSteps(scope, { node, parts: [name], isChecked: true }, (_run, frame) => frame.context.value);
}

/** Compiles a path. isChecked: an unknown last name is an error, too, if unknown names are errors. */
function compilePath(scope: Scope, path: Path, isChecked: boolean): HbsEval {
  const [first, ...rest] = path.parts;
  const steps = { node: path, isChecked };
  if (first !== undefined && path.data) {
    const start = compileVariable(scope, path, isChecked || rest.length > 0);
    return compileSteps(scope, { ...steps, parts: rest }, start);
  }
  const param = first === undefined ? null : blockParam(scope, path, first);
  if (param !== null) return compileSteps(scope, { ...steps, parts: rest }, param);
  const { depth } = path;
  return compileSteps(scope, { ...steps, parts: path.parts }, (_run, frame) => contextAt(frame, depth));
}

function contextAt(frame: HbsFrame, depth: number): Value {
  let here: HbsFrame['context'] | null = frame.context;
  for (let i = 0; i < depth && here !== null; i++) here = here.outer;
  return here?.value;
}

function blockParam({ params }: Scope, path: Path, name: string): HbsEval | null {
  if (beginsHere.test(path.original)) return null;
  const level = params.findIndex((names) => names.includes(name));
  if (level < 0) return null;
  const index = params[level]!.indexOf(name);
  return (_run, frame) => {
    let at = frame.params;
    for (let i = 0; i < level; i++) at = at?.outer ?? null;
    return at?.values[index];
  };
}

function compileVariable(scope: Scope, path: Path, isChecked: boolean): HbsEval {
  const name = path.parts[0]!;
  return (_run, frame) => {
    let vars: Vars | null = frame.vars;
    for (let i = 0; i < path.depth && vars !== null; i++) vars = vars.outer;
    const value = vars === null ? undefined : variableOf(vars, name);
    if (value === undefined && isChecked && scope.compilation.strict)
      throw failure(scope, path, `@${name} is not defined`);
    return value;
  };
}

function variableOf({ root, iteration }: Vars, name: string): Value {
  switch (name) {
    case 'root':
      return root;
    case 'index':
      return iteration?.index;
    case 'key':
      return iteration?.key;
    case 'first':
      return iteration?.first;
    case 'last':
      return iteration?.last;
    default:
      return undefined;
  }
}

interface Steps {
  readonly node: Node;
  readonly parts: readonly string[];
  readonly isChecked: boolean;
}

/** Follows names from a value; an unknown name is an error, except the last one of an argument. */
function compileSteps(scope: Scope, { node, parts, isChecked }: Steps, start: HbsEval): HbsEval {
  if (parts.length === 0) return start;
  const checked = parts.map((_, i) => scope.compilation.strict && (isChecked || i < parts.length - 1));
  return (run, frame) => {
    let value = start(run, frame);
    for (let i = 0; i < parts.length; i++) {
      value = fieldOf(value, parts[i]!);
      if (value === undefined && checked[i]!)
        throw failure(scope, node, `"${parts.slice(0, i + 1).join('.')}" is not defined`);
    }
    return value;
  };
}

/** Compiles named arguments; the result adds them to the fields of a value. */
export function compileHash(scope: Scope, { pairs }: Hash): (run: HbsState, frame: HbsFrame, value: Value) => Value {
  const added = pairs.map(({ key, value }) => [key, compileExpression(scope, value)] as const);
  return (run, frame, value) => {
    const fields = new Map<Value, Value>();
    const { size, at } = entriesOf(value);
    spend(stepsPerTurn * size);
    for (let i = 0; i < size; i++) {
      const [key, each] = at(i);
      fields.set(printValue(key), each);
    }
    for (const [key, evaluate] of added) fields.set(key, evaluate(run, frame) ?? null);
    return new GoMap(StringMapType, fields);
  };
}
