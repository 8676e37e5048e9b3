import { Complex128Type, InterfaceType, Pointer, StringType, typeOf } from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import { printNode } from './node.ts';
import type { BoolNode, NumberNode, OperandNode, StringNode, WordNode } from './node.ts';
import { fail } from './state.ts';
import type { Eval, RenderState } from './state.ts';
import { canBeNil, intBits, isAssignable, makeComplex, makeFloat, makeInt } from './types.ts';
import { ReflectType, uintBits, zeroOf } from './types.ts';
import type { Scope } from './scope.ts';

/** Checks a value for a parameter, and returns what the function gets. */
export type Check = (run: RenderState, value: Value) => Value;

/** The check for a parameter type, with a fast path for common types. */
export function checkFor(type: Type): Check {
  if (type === StringType) return (run, value) => (typeof value === 'string' ? value : convert(run, value, type));
  if (type === InterfaceType) return (_run, value) => (value === undefined ? null : value);
  if (type === ReflectType) return (_run, value) => value;
  return (run, value) => (value !== undefined && typeOf(value) === type ? value : convert(run, value, type));
}

function convert(run: RenderState, value: Value, type: Type): Value {
  if (value === undefined) {
    return canBeNil(type) ? zeroOf(type) : fail(run, 'invalid value; expected %s', type.name);
  }
  const from = typeOf(value);
  if (isAssignable(from, type)) return value;
  if (value instanceof Pointer && isAssignable(from.elem!, type)) {
    return value.target ?? fail(run, 'dereference of nil pointer of type %s', type.name);
  }
  return fail(run, 'wrong type for value; expected %s; got %s', type.name, from.name);
}

/** An argument, compiled without the type of its parameter, which is known later for a method. */
export type Argument = (type: Type) => Eval;

/** Compiles an argument. */
export function compileArg(scope: Scope, node: OperandNode): Argument {
  switch (node.kind) {
    case 'nil':
      return (type) => compileNil(node, type);
    case 'bool':
    case 'number':
    case 'string':
      return (type) => compileLiteral(node, type);
    default: {
      const { run: evaluate } = scope.compile(scope, node);
      return (type) => {
        if (type === ReflectType) return evaluate;
        const check = checkFor(type);
        return (run, dot) => check(run, evaluate(run, dot));
      };
    }
  }
}

function compileNil(node: WordNode, type: Type): Eval {
  const zero = zeroOf(type);
  const isNilable = canBeNil(type);
  return (run) => {
    run.node = node;
    return isNilable ? zero : fail(run, 'cannot assign nil to %s', type.name);
  };
}

export type Literal = BoolNode | NumberNode | StringNode;

function compileLiteral(node: Literal, type: Type): Eval {
  if (type === InterfaceType || type === ReflectType) return compileConstant(node);
  const value = literalFor(node, type);
  if (value !== undefined) {
    return (run) => {
      run.node = node;
      return value;
    };
  }
  const expected = expectation(type);
  return (run) => {
    run.node = node;
    if (expected === null) return fail(run, "can't handle %s for arg of type %s", printNode(node), type.name);
    return fail(run, `expected ${expected}; found %s`, printNode(node));
  };
}

/** The value of a literal as a given type; undefined if the type cannot hold it. Small integers wrap, as in Go. */
function literalFor(node: Literal, type: Type): Value {
  if (node.kind === 'bool') return type.kind === 'bool' ? node.value : undefined;
  if (node.kind === 'string') return type.kind === 'string' ? node.text : undefined;
  if (intBits.has(type.kind)) return node.int === undefined ? undefined : makeInt(type, node.int);
  if (uintBits.has(type.kind)) return node.uint === undefined ? undefined : makeInt(type, node.uint);
  if (isFloat(type)) return node.float === undefined ? undefined : makeFloat(type, node.float);
  if (isComplex(type)) return node.complex === undefined ? undefined : makeComplex(type, node.complex);
  return undefined;
}

const isFloat = (type: Type) => type.kind === 'float32' || type.kind === 'float64';
const isComplex = (type: Type) => type.kind === 'complex64' || type.kind === 'complex128';

function expectation(type: Type): string | null {
  if (type.kind === 'bool' || type.kind === 'string') return type.kind;
  if (intBits.has(type.kind)) return 'integer';
  if (uintBits.has(type.kind)) return 'unsigned integer';
  if (isFloat(type)) return 'float';
  return isComplex(type) ? 'complex' : null;
}

/** Compiles a literal without a given type: its spelling decides. */
export function compileConstant(node: Literal): Eval {
  const value = idealConstant(node);
  return (run) => {
    run.node = node;
    return value ?? fail(run, '%s overflows int', printNode(node));
  };
}

function idealConstant(node: Literal): Value {
  if (node.kind === 'bool') return node.value;
  if (node.kind === 'string') return node.text;
  if (node.complex !== undefined) return makeComplex(Complex128Type, node.complex);
  const isInteger = /^(0[xX][^pP]*|'.*)$/s.test(node.text) || !/[.eEpP]/.test(node.text);
  return node.float !== undefined && !isInteger ? node.float : node.int;
}
