import { spend } from '../../go/budget.ts';
import { printValue } from '../../go/fmt.ts';
import { Func, typeOf } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import { printNode } from './node.ts';
import type { ActionNode, BranchNode, ListNode, StatementNode, TemplateNode } from './node.ts';
import { compilePipe } from './operands.ts';
import { compileRange } from './range.ts';
import { breakSignal, continueSignal, emit, fail, stepsPerTurn } from './state.ts';
import type { Eval, Exec, RenderState } from './state.ts';
import { isNilPointer, isTrue, printable } from './types.ts';
import type { Scope } from './scope.ts';

const maxDepth = 100_000;
const nothing: Exec = () => 0;

/** Compiles a list of statements; adjacent texts are joined. */
export function compileList(scope: Scope, list: ListNode): Exec {
  const parts: Exec[] = [];
  let text = '';
  for (const node of list.nodes) {
    if (node.kind === 'text') {
      text += node.text;
      continue;
    }
    if (text !== '') parts.push(compileText(text));
    text = '';
    parts.push(compileStatement(scope, node));
  }
  if (text !== '') parts.push(compileText(text));
  return sequence(parts);
}

function sequence(parts: readonly Exec[]): Exec {
  const first = parts[0];
  const second = parts[1];
  if (first === undefined) return nothing;
  if (second === undefined) return first;
  if (parts.length === 2) return (run, dot) => first(run, dot) || second(run, dot);
  return (run, dot) => {
    for (const part of parts) {
      const signal = part(run, dot);
      if (signal !== 0) return signal;
    }
    return 0;
  };
}

function compileText(text: string): Exec {
  return (run) => {
    emit(run, text);
    return 0;
  };
}

/** Compiles a statement. */
export function compileStatement(scope: Scope, node: StatementNode): Exec {
  switch (node.kind) {
    case 'text':
      return compileText(node.text);
    case 'action':
      return compileAction(scope, node);
    case 'break':
      return () => breakSignal;
    case 'continue':
      return () => continueSignal;
    case 'range':
      return scope.inner(() => compileRange(scope, node, compileList));
    case 'template':
      return compileTemplate(scope, node);
    default:
      return scope.inner(() => compileBranch(scope, node));
  }
}

function compileAction(scope: Scope, node: ActionNode): Exec {
  const pipe = compilePipe(scope, node.pipe);
  if (node.pipe.decl.length > 0) {
    return (run, dot) => {
      pipe(run, dot);
      return 0;
    };
  }
  return (run, dot) => {
    const value = pipe(run, dot);
    emit(run, typeof value === 'string' ? value : show(run, node, value));
    return 0;
  };
}

/** The text that an action prints for a value. */
function show(run: RenderState, node: ActionNode, value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === undefined) return '<no value>';
  if (isNilPointer(value)) return '<nil>';
  if (value instanceof Func) {
    run.node = node;
    fail(run, "can't print %s of type %s", printNode(node, run.source.delims), typeOf(value).name);
  }
  return printValue(printable(value));
}

/** One condition of a chain of if, else if and with, and its body. */
interface Arm {
  readonly pipe: Eval;
  readonly isWith: boolean;
  readonly list: Exec;
}

/** A chain of any length is one statement: else if is nested in the tree, and calls would be nested, too. */
function compileBranch(scope: Scope, node: BranchNode): Exec {
  const arms = [compileArm(scope, node)];
  let rest = node.elseList;
  for (let next = onlyBranch(rest); next !== null; next = onlyBranch(rest)) {
    arms.push(compileArm(scope, next));
    rest = next.elseList;
  }
  const otherwise = rest === null ? nothing : compileList(scope, rest);
  const [only] = arms;
  if (arms.length > 1 || only === undefined) return compileArms(arms, otherwise);
  const { pipe, list } = only;
  if (!only.isWith) return (run, dot) => (isTrue(pipe(run, dot)) ? list(run, dot) : otherwise(run, dot));
  return (run, dot) => {
    const value = pipe(run, dot);
    return isTrue(value) ? list(run, value) : otherwise(run, dot);
  };
}

function onlyBranch(list: ListNode | null): BranchNode | null {
  const [only] = list?.nodes ?? [];
  return list?.nodes.length === 1 && (only?.kind === 'if' || only?.kind === 'with') ? only : null;
}

/** A declaration in the pipeline is also valid in the arms after it. */
function compileArm(scope: Scope, node: BranchNode): Arm {
  const isWith = node.kind === 'with';
  const pipe = compilePipe(scope, node.pipe);
  const list = scope.inner(() => {
    if (isWith) scope.dot = -1;
    return compileList(scope, node.list);
  });
  return { pipe, isWith, list };
}

function compileArms(arms: readonly Arm[], otherwise: Exec): Exec {
  return (run, dot) => {
    for (const { pipe, isWith, list } of arms) {
      const value = pipe(run, dot);
      if (isTrue(value)) return list(run, isWith ? value : dot);
    }
    return otherwise(run, dot);
  };
}

function compileTemplate(scope: Scope, node: TemplateNode): Exec {
  const enter = compileEntry(scope, node);
  const body = scope.compilation.bodies.get(node.name);
  return (run, dot) => {
    const { vars, statics, template } = run;
    const data = enter(run, dot);
    body!.exec(run, data);
    leave(run, { vars, statics, template });
    return 0;
  };
}

/** Compiles what happens before the body of a template runs; returns its dot. */
export function compileEntry(scope: Scope, node: TemplateNode): Eval {
  const { name } = node;
  const isDefined = scope.compilation.bodies.has(name);
  const pipe = node.pipe === null ? null : compilePipe(scope, node.pipe);
  return (run, dot) => {
    run.node = node;
    if (!isDefined) return fail(run, 'template %q not defined', name);
    if (run.depth === maxDepth) fail(run, 'exceeded maximum template depth (%d)', BigInt(maxDepth));
    spend(stepsPerTurn);
    const data = pipe === null ? undefined : pipe(run, dot);
    run.template = name;
    run.vars = [data];
    run.statics = [];
    run.depth++;
    return data;
  };
}

/** Restores the state of the caller of a template. */
export function leave(run: RenderState, caller: Pick<RenderState, 'vars' | 'statics' | 'template'>): void {
  run.depth--;
  run.vars = caller.vars;
  run.statics = caller.statics;
  run.template = caller.template;
}
