import { printValue } from '../../go/fmt.ts';
import { Func, Pointer, typeOf } from '../../go/value.ts';
import type { Type, Value } from '../../go/value.ts';
import { isOverflow } from './errors.ts';
import { printNode } from './node.ts';
import type { ActionNode, BranchNode, ListNode, StatementNode, TemplateNode } from './node.ts';
import { compilePipe } from './operands.ts';
import { compileRange } from './range.ts';
import { breakSignal, continueSignal, emit, fail, work } from './run.ts';
import type { Exec, Run } from './run.ts';
import { indirect, isNilPointer, isTrue } from './types.ts';
import type { Scope } from './unit.ts';

const maxDepth = 100_000;
const nothing: Exec = () => 0;

/** Compiles a list of statements; neighbouring texts become one. */
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
  const [first, second] = parts;
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

function compileStatement(scope: Scope, node: Exclude<StatementNode, { kind: 'text' }>): Exec {
  switch (node.kind) {
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

/** What an action prints for a value. */
function show(run: Run, node: ActionNode, value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === undefined) return '<no value>';
  if (isNilPointer(value)) return '<nil>';
  if (value instanceof Func) {
    run.node = node;
    fail(run, "can't print %s of type %s", printNode(node), typeOf(value).name);
  }
  return printValue(value instanceof Pointer && saysItself(value.type) ? value : indirect(value));
}

/** Whether a pointer, rather than what it points to, has the method that gives its text. */
function saysItself({ methods }: Type): boolean {
  return methods?.has('Error') === true || methods?.has('String') === true;
}

function compileBranch(scope: Scope, node: BranchNode): Exec {
  const pipe = compilePipe(scope, node.pipe);
  const otherwise = node.elseList === null ? nothing : compileList(scope, node.elseList);
  if (node.kind === 'with') {
    scope.dot = -1;
    const list = compileList(scope, node.list);
    return (run, dot) => {
      const value = pipe(run, dot);
      return isTrue(value) ? list(run, value) : otherwise(run, dot);
    };
  }
  const list = compileList(scope, node.list);
  return (run, dot) => (isTrue(pipe(run, dot)) ? list(run, dot) : otherwise(run, dot));
}

function compileTemplate(scope: Scope, node: TemplateNode): Exec {
  const { name } = node;
  const body = scope.unit.bodies.get(name);
  const pipe = node.pipe === null ? null : compilePipe(scope, node.pipe);
  return (run, dot) => {
    run.node = node;
    if (body === undefined) return fail(run, 'template %q not defined', name);
    if (run.depth === maxDepth) return tooDeep(run);
    work(run, 1);
    const data = pipe === null ? undefined : pipe(run, dot);
    const { vars, statics, template } = run;
    run.template = name;
    run.vars = [data];
    run.statics = [];
    run.depth++;
    body.exec(run, data);
    run.depth--;
    run.vars = vars;
    run.statics = statics;
    run.template = template;
    return 0;
  };
}

const tooDeep = (run: Run) => fail(run, 'exceeded maximum template depth (%d)', BigInt(maxDepth));

/** Runs a body whose calls may be nested deeper than the stack of this process is; that is an error like Go's. */
export function guardDepth(run: Run, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!isOverflow(error)) throw error;
    tooDeep(run);
  }
}
