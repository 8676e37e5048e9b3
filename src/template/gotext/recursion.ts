/**
 * Recursive templates as deep as in Go (docs/decisions/0006-recursion-without-the-stack.md). Their bodies are
 * generators: a call of another recursive template yields that template's generator, and a loop runs the innermost one
 * until it ends. So a call needs no stack.
 */
import type { Value } from '../../go/value.ts';
import type { BranchNode, ListNode, StatementNode, TemplateNode } from './node.ts';
import { compilePipe } from './operands.ts';
import type { Trees } from './parse.ts';
import { compileRangeSteps } from './range.ts';
import type { Exec, RenderState, Steps } from './state.ts';
import { compileEntry, compileStatement, leave } from './statements.ts';
import { isTrue } from './types.ts';
import type { Scope } from './scope.ts';

/** The names of templates that may call themselves, directly or not, and of some between them. */
export function recursiveNames(trees: Trees): ReadonlySet<string> {
  const calls = new Map([...trees].map(([name, list]) => [name, callsIn(list)]));
  const callers = new Map<string, Set<string>>([...trees.keys()].map((name) => [name, new Set()]));
  for (const [name, called] of calls) for (const other of called) callers.get(other)?.add(name);
  const reachable = endless(callers);
  return new Set([...endless(calls)].filter((name) => reachable.has(name)));
}

function callsIn(list: ListNode): Set<string> {
  const found = new Set<string>();
  const open = [list];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const node of next.nodes) {
      if (node.kind === 'template') found.add(node.name);
      if (isBranch(node)) open.push(node.list);
      if (isBranch(node) && node.elseList !== null) open.push(node.elseList);
    }
  }
  return found;
}

function isBranch(node: StatementNode): node is BranchNode {
  return node.kind === 'if' || node.kind === 'range' || node.kind === 'with';
}

/** The names from which a call chain can go on for ever; `to` has the calls of each. */
function endless(to: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const from = new Map<string, string[]>([...to.keys()].map((name) => [name, []]));
  const open = new Map<string, number>();
  for (const [name, names] of to) {
    const known = [...names].filter((other) => to.has(other));
    open.set(name, known.length);
    for (const other of known) from.get(other)!.push(name);
  }
  const ended = [...open].filter(([, count]) => count === 0).map(([name]) => name);
  for (const name of ended) {
    open.delete(name);
    for (const before of from.get(name)!) {
      const count = open.get(before)! - 1;
      open.set(before, count);
      if (count === 0) ended.push(before);
    }
  }
  return new Set(open.keys());
}

/** Compiles a list in which templates of `names` are called without stack. */
export function compileSteps(scope: Scope, list: ListNode, names: ReadonlySet<string>): Steps {
  const compileList = (inner: Scope, nodes: ListNode) => compileSteps(inner, nodes, names);
  const parts = list.nodes.map((node): Part => {
    if (node.kind === 'template' && names.has(node.name)) return { exec: null, steps: compileCall(scope, node) };
    if (!isBranch(node) || ![...callsIn({ ...list, nodes: [node] })].some((name) => names.has(name))) {
      return { exec: compileStatement(scope, node), steps: null };
    }
    const compile = node.kind === 'range' ? compileRangeSteps : compileBranch;
    return { exec: null, steps: scope.inner(() => compile(scope, node, compileList)) };
  });
  return function* (run, dot) {
    for (const { exec, steps } of parts) {
      const signal = exec === null ? yield* steps(run, dot) : exec(run, dot);
      if (signal !== 0) return signal;
    }
    return 0;
  };
}

type Part = { readonly exec: Exec; readonly steps: null } | { readonly exec: null; readonly steps: Steps };

function compileBranch(scope: Scope, node: BranchNode, compileList: (scope: Scope, list: ListNode) => Steps): Steps {
  const pipe = compilePipe(scope, node.pipe);
  const { elseList } = node;
  const otherwise = elseList === null ? null : scope.inner(() => compileList(scope, elseList));
  if (node.kind === 'with') scope.dot = -1;
  const list = scope.inner(() => compileList(scope, node.list));
  return function* (run, dot) {
    const value = pipe(run, dot);
    if (isTrue(value)) return yield* list(run, node.kind === 'with' ? value : dot);
    return otherwise === null ? 0 : yield* otherwise(run, dot);
  };
}

function compileCall(scope: Scope, node: TemplateNode): Steps {
  const enter = compileEntry(scope, node);
  const body = scope.compilation.bodies.get(node.name)!;
  return function* (run, dot) {
    const { vars, statics, template } = run;
    const data = enter(run, dot);
    yield body.steps!(run, data);
    leave(run, { vars, statics, template });
    return 0;
  };
}

/** Runs a body with everything that it calls. */
export function runSteps(steps: Steps, run: RenderState, dot: Value): 0 {
  const stack: Generator<unknown, unknown>[] = [steps(run, dot)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { done, value } = top.next();
    if (done === true) stack.pop();
    else stack.push(value as Generator<unknown, unknown>);
  }
  return 0;
}
