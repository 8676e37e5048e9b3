import { spend } from '../../go/budget.ts';
import { GoMap, Slice } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import type { Block, Program } from './ast.ts';
import { callName, compileCall, compileExpression } from './expressions.ts';
import { entriesOf, isNothing, isZero } from './fields.ts';
import { at, stepsPerTurn } from './state.ts';
import type { HbsBody, HbsEval, HbsExec, HbsFrame, HbsState } from './state.ts';
import { failure } from './scope.ts';
import type { Scope } from './scope.ts';

/** Compiles a program; passed in because statements and blocks contain each other. */
export type CompileProgram = (scope: Scope, program: Program) => HbsBody;

/** A compiled block: its value, its two programs, and whether the first has block parameters. */
interface BlockParts {
  readonly about: HbsEval;
  readonly body: HbsExec;
  readonly inverse: HbsExec;
  readonly hasParams: boolean;
}

const nothing: HbsExec = () => undefined;

/** Compiles a block: if, unless, each, with, or a block over a value. */
export function compileBlock(scope: Scope, node: Block, compileProgram: CompileProgram): HbsExec {
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

type Maker = (scope: Scope, node: Block, parts: BlockParts) => HbsExec;

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

function argumentOf(scope: Scope, node: Block, name: string): HbsEval {
  const [first] = node.params;
  if (first === undefined || node.params.length > 1) {
    throw failure(scope, node, `wrong number of args for ${name}: want 1 got ${node.params.length}`);
  }
  return compileExpression(scope, first);
}

function choose(scope: Scope, node: Block, about: HbsEval, [yes, no]: readonly [HbsExec, HbsExec]): HbsExec {
  const option = node.hash?.pairs.find(({ key }) => key === 'includeZero');
  const includesZero = option === undefined ? () => false : compileExpression(scope, option.value);
  return (run, frame) => {
    const value = about(run, frame);
    const isNo = isNothing(value) && !(isZero(value) && !isNothing(includesZero(run, frame)));
    (isNo ? no : yes)(run, frame);
  };
}

/** A block over a value: once for each item of a list, once for any other true value, otherwise the inverse. */
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

function eachOf(run: HbsState, frame: HbsFrame, { body, inverse, hasParams }: BlockParts, value: Value): void {
  const { size, at: entryAt } = entriesOf(value);
  if (size === 0) inverse(run, frame);
  const { context, vars, params, inlines, block } = frame;
  for (let i = 0; i < size; i++) {
    spend(stepsPerTurn);
    const [key, item] = entryAt(i);
    const iteration = { index: BigInt(i), key, first: i === 0, last: i === size - 1 };
    body(run, {
      context: item === context.value ? context : { value: item, outer: context },
      vars: { root: vars.root, iteration, outer: vars },
      params: hasParams ? { values: [item, key], outer: params } : params,
      inlines,
      block,
    });
  }
}
