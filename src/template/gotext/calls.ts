import { GoError, InterfaceType } from '../../go/value.ts';
import type { Func, Signature, Type, Value } from '../../go/value.ts';
import { checkFor, compileArg } from './args.ts';
import type { Argument } from './args.ts';
import { builtins, callValue } from './builtins.ts';
import { execError } from './errors.ts';
import { printNode } from './node.ts';
import type { CommandNode, IdentifierNode, Node, OperandNode } from './node.ts';
import { spendOn } from '../engine/cost.ts';
import { fail } from './state.ts';
import type { Eval, RenderState } from './state.ts';
import { isTrue, ReflectType } from './types.ts';
import type { Compiled, Scope } from './scope.ts';

/** A call in a template: the function, its arguments, and where errors of the function are reported. */
export interface Call {
  readonly identifier: IdentifierNode;
  readonly args: readonly OperandNode[]; // without the function
  readonly hasFinal: boolean; // whether a value comes from the pipeline
  readonly at: CommandNode | IdentifierNode;
}

const unset = { type: ReflectType };

/** The value of a variable whose declaration an and or or has skipped. */
export const isUnset = (value: Value): boolean => value === unset;

/** Compiles the call of a function. */
export function compileCall(scope: Scope, call: Call): Compiled {
  const { name } = call.identifier;
  const own = scope.compilation.funcs.get(name);
  const target = own ?? builtins.get(name)!;
  const signature = target.type.signature!;
  const { result } = signature;
  const arity = arityError(name, signature, call);
  const run =
    arity !== null
      ? enter(call.identifier, (at) => fail(at, ...arity))
      : own === undefined
        ? compileBuiltin(scope, call, target)
        : compileOwn(scope, call, own);
  const isInterface = result.kind === 'interface';
  return { run, nilable: isInterface || result === ReflectType, static: () => (isInterface ? result : undefined) };
}

function compileBuiltin(scope: Scope, call: Call, target: Func): Eval {
  const signature = target.type.signature!;
  switch (call.identifier.name) {
    case 'and':
      return compileLogic(scope, call, false);
    case 'or':
      return compileLogic(scope, call, true);
    case 'slice':
      return compileSlice(scope, call, target);
    case 'call':
      return compileCallBuiltin(scope, call, signature);
    default:
      return compileInvoke(call, compileArgs(scope, call.args), signature, () => target.call);
  }
}

function enter(node: Node, evaluate: Eval): Eval {
  return (run, dot, final) => {
    run.node = node;
    return evaluate(run, dot, final);
  };
}

/** The error for a wrong number of arguments, as a format and its arguments; or null. */
export function arityError(
  name: string,
  { params, variadic }: Signature,
  call: { readonly args: readonly unknown[]; readonly hasFinal: boolean },
): [format: string, ...args: Value[]] | null {
  const explicit = call.args.length;
  const given = explicit + (call.hasFinal ? 1 : 0);
  const want = params.length - (variadic ? 1 : 0);
  if (variadic ? given >= want : given === want) return null;
  const got = variadic ? explicit : given;
  return [`wrong number of args for %s: want ${variadic ? 'at least ' : ''}%d got %d`, name, BigInt(want), BigInt(got)];
}

function paramType({ params }: Signature, index: number): Type {
  return params[Math.min(index, params.length - 1)]!;
}

const compileArgs = (scope: Scope, args: readonly OperandNode[]) => args.map((node) => compileArg(scope, node));

const boxed = { type: InterfaceType };

/** slice, which unlike index does not unwrap an index that is stored in an interface. */
function compileSlice(scope: Scope, call: Call, target: Func): Eval {
  const args = call.args.map((node, i) => (i === 0 ? compileArg(scope, node) : compileBoxed(scope, node)));
  return compileInvoke(call, args, target.type.signature!, () => target.call);
}

function compileBoxed(scope: Scope, node: OperandNode): Argument {
  if (!['chain', 'dot', 'field', 'identifier', 'variable'].includes(node.kind)) return compileArg(scope, node);
  const { run: evaluate, static: staticType } = scope.keepingStatic(() => scope.compile(scope, node));
  return () => (run, dot) => {
    const value = evaluate(run, dot);
    return staticType?.(run) === undefined ? value : boxed;
  };
}

/** A function of the caller, bound by slot at the start of a render. */
function compileOwn(scope: Scope, call: Call, own: Func): Eval {
  const { name } = call.identifier;
  const { slots } = scope.compilation;
  const slot = slots.get(name) ?? slots.size;
  slots.set(name, slot);
  return compileInvoke(call, compileArgs(scope, call.args), own.type.signature!, (run) => {
    return run.funcs[slot]?.call ?? fail(run, '%q is not a defined function', name);
  });
}

type Target = (run: RenderState) => (args: readonly Value[]) => Value;

function compileInvoke(call: Call, args: readonly Argument[], signature: Signature, target: Target): Eval {
  const { identifier, at, hasFinal } = call;
  const collect = collector(signature, args, hasFinal);
  return (run, dot, final) => {
    run.node = identifier;
    const invoke = target(run);
    const values = collect(run, dot, final);
    let result: Value;
    try {
      result = invoke(values);
    } catch (error) {
      throw callError(run, at, identifier.name, error);
    }
    spendOn(values, result);
    return result;
  };
}

type Collect = (run: RenderState, dot: Value, final: Value) => Value[];

/**
 * Evaluates arguments from left to right, and checks the value from the pipeline last; the usual counts are written
 * out.
 */
export function collector(signature: Signature, given: readonly Argument[], hasFinal: boolean): Collect {
  const args = given.map((arg, i) => arg(paramType(signature, i)));
  const check = hasFinal ? checkFor(paramType(signature, args.length)) : null;
  const first = args[0];
  const second = args[1];
  if (check === null) {
    if (first === undefined) return () => [];
    if (second === undefined) return (run, dot) => [first(run, dot)];
    if (args.length === 2) return (run, dot) => [first(run, dot), second(run, dot)];
  } else {
    if (first === undefined) return (run, _dot, final) => [check(run, final)];
    if (second === undefined) return (run, dot, final) => [first(run, dot), check(run, final)];
  }
  return (run, dot, final) => {
    const values: Value[] = [];
    for (const arg of args) values.push(arg(run, dot));
    if (check !== null) values.push(check(run, final));
    return values;
  };
}

/** The error of a call that threw: a GoError is an error that Go's function returns, everything else passes through. */
export function callError(run: RenderState, at: Node, name: string, error: unknown): unknown {
  if (!(error instanceof GoError)) return error;
  run.node = at;
  return execError(run, 'error calling %s: %w', [name, error.message], error);
}

/** and, or: stops at the first argument that decides. Declarations in the arguments after it may not happen. */
function compileLogic(scope: Scope, call: Call, stopAt: boolean): Eval {
  const [head, ...rest] = call.args;
  const first = head === undefined ? null : compileArg(scope, head)(ReflectType);
  const { result: others, declared } = scope.perhaps(() => rest.map((node) => compileArg(scope, node)(ReflectType)));
  const { identifier, hasFinal } = call;
  return (run, dot, final) => {
    run.node = identifier;
    for (const slot of declared) run.vars[slot] = unset;
    let value = first === null ? undefined : first(run, dot);
    if (first !== null && isTrue(value) === stopAt) return value;
    for (const other of others) {
      value = other(run, dot);
      if (isTrue(value) === stopAt) return value;
    }
    return hasFinal ? final : value;
  };
}

/** call: messages name the callee by the text of its argument. */
function compileCallBuiltin(scope: Scope, call: Call, signature: Signature): Eval {
  const [callee] = call.args;
  const name = callee === undefined ? null : printNode(callee);
  return compileInvoke(
    call,
    compileArgs(scope, call.args),
    signature,
    () =>
      ([fn, ...args]) =>
        callValue(name, fn, args),
  );
}
