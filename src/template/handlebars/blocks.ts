import { spend } from '../../go/budget.ts';
import { GoMap, Slice } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import type { Block, Program } from './ast.ts';
import { callName, compileCall, compileExpression } from './expressions.ts';
import { entriesOf, isNothing, isZero } from './fields.ts';
import { at, stepsPerTurn } from './run.ts';
import type { Body, Eval, Exec, Frame, Run } from './run.ts';
import { failure } from './unit.ts';
import type { Scope } from './unit.ts';

/** How a program is compiled; statements and blocks are made of each other. */
export type CompileProgram = (scope: Scope, program: Program) => Body;

/** A block, compiled: what it is about, its two programs, and whether the first names what it is given. */
interface Parts {
  readonly about: Eval;
  readonly body: Exec;
  readonly inverse: Exec;
  readonly hasParams: boolean;
}

const nothing: Exec = () => undefined;

/** Compiles a block: if, unless, each, with, or one over a value. */
export function compileBlock(scope: Scope, node: Block, compileProgram: CompileProgram): Exec {
  const name = callName(scope, node);
  const isOwn = name !== null && Object.hasOwn(makers, name);
  const maker = isOwn ? makers[name as keyof typeof makers] : overValue;
  const { program, inverse } = node;
  return maker(scope, node, {
    about: isOwn ? argumentOf(scope, node, name) : compileCall(scope, node),
    body: program === undefined ? nothing : compileProgram(scope, program).exec,
    inverse: inverse === undefined ? nothing : compileProgram(scope, inverse).exec,
    hasParams: (program?.blockParams ?? []).length > 0,
  });
}

type Maker = (scope: Scope, node: Block, parts: Parts) => Exec;

const makers = {
  if: (scope, node, { about, body, inverse }) => choose(scope, node, about, [body, inverse]),
  unless: (scope, node, { about, body, inverse }) => choose(scope, node, about, [inverse, body]),
  each: (_scope, _node, parts) => {
    return (run, frame) => {
      eachOf(run, frame, parts, parts.about(run, frame));
    };
  },
  with: (_scope, _node, { about, body, inverse, hasParams }) => {
    return (run, frame) => {
      const value = about(run, frame);
      const inner = at(frame, value);
      if (isNothing(value) && !isZero(value)) inverse(run, frame);
      else body(run, hasParams ? { ...inner, params: { values: [value], outer: frame.params } } : inner);
    };
  },
} as const satisfies Record<string, Maker>;

function argumentOf(scope: Scope, node: Block, name: string): Eval {
  const [first] = node.params;
  if (first === undefined || node.params.length > 1) {
    throw failure(scope, node, `wrong number of args for ${name}: want 1 got ${node.params.length}`);
  }
  return compileExpression(scope, first);
}

function choose(scope: Scope, node: Block, about: Eval, [yes, no]: readonly [Exec, Exec]): Exec {
  const option = node.hash?.pairs.find(({ key }) => key === 'includeZero');
  const includesZero = option === undefined ? () => false : compileExpression(scope, option.value);
  return (run, frame) => {
    const value = about(run, frame);
    const isNo = isNothing(value) && !(isZero(value) && !isNothing(includesZero(run, frame)));
    (isNo ? no : yes)(run, frame);
  };
}

/** A block over a value: once for each item of a list, once with anything else that is, else the inverse. */
const overValue: Maker = (_scope, _node, parts) => {
  const { about, body, inverse } = parts;
  return (run, frame) => {
    const value = about(run, frame);
    if (value === true) body(run, frame);
    else if (value instanceof Slice) eachOf(run, frame, parts, value);
    else if (value === false || isNil(value)) inverse(run, frame);
    else body(run, at(frame, value));
  };
};

function isNil(value: Value): boolean {
  if (value instanceof GoMap) return value.entries === null;
  return value === undefined || value === null;
}

function eachOf(run: Run, frame: Frame, { body, inverse, hasParams }: Parts, value: Value): void {
  const { size, at: entryAt } = entriesOf(value);
  if (size === 0) inverse(run, frame);
  const { here, vars, params, inlines, block } = frame;
  for (let i = 0; i < size; i++) {
    spend(stepsPerTurn);
    const [key, item] = entryAt(i);
    const turn = { index: BigInt(i), key, first: i === 0, last: i === size - 1 };
    body(run, {
      here: item === here.value ? here : { value: item, outer: here },
      vars: { root: vars.root, turn, outer: vars },
      params: hasParams ? { values: [item, key], outer: params } : params,
      inlines,
      block,
    });
  }
}
