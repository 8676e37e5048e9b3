import type { Signature, Value } from '../../go/value.ts';
import { compileArg, compileConstant } from './args.ts';
import type { Argument } from './args.ts';
import { arityError, callError, collector, compileCall, isUnset } from './calls.ts';
import { find, makeSite, readQuickly } from './fields.ts';
import type { Found, Site } from './fields.ts';
import { printNode } from './node.ts';
import type { ChainNode, CommandNode, FieldNode, OperandNode, PipeNode, VariableNode } from './node.ts';
import { spendOn } from '../engine/cost.ts';
import { fail } from './state.ts';
import type { Eval, RenderState } from './state.ts';
import type { Compiled, Scope } from './scope.ts';

/** Compiles an operand that is an argument or the first word of a command. */
export function compileOperand(scope: Scope, node: OperandNode): Compiled {
  switch (node.kind) {
    case 'pipe':
      return { run: compilePipe(scope, node), nilable: false };
    case 'identifier':
      return compileCall(scope, { identifier: node, args: [], hasFinal: false, at: node });
    case 'field':
    case 'chain':
    case 'variable':
      return compileAccess(scope, node, [], false);
    case 'dot':
      return compileDot(scope, node);
    case 'nil':
      return { run: atNode(node, (run) => fail(run, 'nil is not a command')), nilable: false };
    default:
      return { run: compileConstant(node), nilable: false };
  }
}

function atNode(node: OperandNode, evaluate: Eval): Eval {
  return (run, dot, final) => {
    run.node = node;
    return evaluate(run, dot, final);
  };
}

const staticAt = (slot: number) => (run: RenderState) => run.statics[slot];

function compileDot(scope: Scope, node: OperandNode): Compiled {
  const slot = scope.dot;
  const evaluate: Eval = (run, dot) => {
    run.node = node;
    return dot;
  };
  return slot < 0 ? { run: evaluate, nilable: false } : { run: evaluate, nilable: true, static: staticAt(slot) };
}

/** Compiles a pipeline; at its end a nil interface becomes no value. */
export function compilePipe(scope: Scope, pipe: PipeNode): Eval {
  const stages = pipe.commands.map((command, stage) => settle(compileCommand(scope, command, { pipe, stage })));
  const evaluate = chain(stages);
  if (pipe.decl.length === 0) return evaluate;
  const stores = pipe.decl.map((variable) => compileStore(scope, variable.name, pipe.assigns));
  return (run, dot) => {
    const value = evaluate(run, dot);
    for (const store of stores) store(run, value);
    return value;
  };
}

function chain(stages: readonly Eval[]): Eval {
  const first = stages[0]!;
  if (stages.length === 1) return first;
  const second = stages[1]!;
  if (stages.length === 2) return (run, dot) => second(run, dot, first(run, dot));
  return (run, dot) => {
    let value: Value;
    for (const stage of stages) value = stage(run, dot, value);
    return value;
  };
}

function settle({ run: evaluate, nilable }: Compiled): Eval {
  return nilable ? (run, dot, final) => evaluate(run, dot, final) ?? undefined : evaluate;
}

/** Compiles setting a variable, with := or with =. */
function compileStore(scope: Scope, name: string, assigns: boolean): (run: RenderState, value: Value) => void {
  if (!assigns) {
    const slot = scope.declare(name);
    return (run, value) => {
      run.vars[slot] = value;
    };
  }
  scope.assigned.add(name);
  const pick = compilePick(scope, name);
  return (run, value) => {
    const slot = pick(run);
    run.vars[slot] = value;
    run.statics[slot] = undefined;
  };
}

/** Compiles finding the slot that holds a variable. */
export function compilePick(scope: Scope, name: string): (run: RenderState) => number {
  const slots = scope.lookup(name);
  const slot = onlySlot(slots);
  return slot === null ? pickSet(slots, name) : () => slot;
}

/** The only slot that can hold the variable, or null if there are several. */
function onlySlot(slots: readonly number[]): number | null {
  const slot = slots[0]!;
  return slots.length === 1 && slot >= 0 ? slot : null;
}

function pickSet(slots: readonly number[], name: string): (run: RenderState) => number {
  return (run) => {
    const slot = slots.find((candidate) => candidate < 0 || !isUnset(run.vars[candidate]))!;
    return slot < 0 ? fail(run, 'undefined variable: %s', name) : slot;
  };
}

interface Stage {
  readonly pipe: PipeNode;
  readonly stage: number;
}

function compileCommand(scope: Scope, command: CommandNode, { pipe, stage }: Stage): Compiled {
  const first = command.args[0];
  const args = command.args.slice(1);
  const hasFinal = stage > 0;
  if (first.kind === 'field' || first.kind === 'chain' || first.kind === 'variable') {
    return compileAccess(scope, first, args, hasFinal);
  }
  if (first.kind === 'identifier') return compileCall(scope, { identifier: first, args, hasFinal, at: command });
  if (args.length === 0 && !hasFinal) return compileOperand(scope, first);
  // The error is reported at the first word; for a pipeline in parentheses, at the node that was current before it.
  const place = first.kind !== 'pipe' ? first : hasFinal ? null : pipe;
  const notFunction: Eval = (run) => fail(run, notAFunction, printNode(first));
  return { run: place === null ? notFunction : atNode(place, notFunction), nilable: false };
}

const notAFunction = "can't give argument to non-function %s";

/** Compiles `.A.B`, `$x`, `$x.A` or `(…).A`; the last name may be a method, which gets the arguments. */
function compileAccess(
  scope: Scope,
  node: FieldNode | ChainNode | VariableNode,
  args: readonly OperandNode[],
  hasFinal: boolean,
): Compiled {
  const head = compileHead(scope, node);
  if (node.kind === 'variable' && node.fields.length === 0) {
    if (args.length === 0 && !hasFinal) return head;
    return { run: (run, dot) => (head.run(run, dot), fail(run, notAFunction, printNode(node))), nilable: false };
  }
  const links: Links = {
    node,
    head,
    sites: node.fields.map(makeSite),
    args: args.map((arg) => compileArg(scope, arg)),
    hasFinal,
  };
  const isPlain = args.length === 0 && !hasFinal && node.fields.length === 1 && !scope.keepsStatic;
  return {
    run: isPlain ? compileField(links) : compileLinks(links),
    nilable: true,
    static: (run) => (isPlain ? undefined : run.known),
  };
}

function compileHead(scope: Scope, node: FieldNode | ChainNode | VariableNode): Compiled {
  switch (node.kind) {
    case 'field':
      return compileDot(scope, node);
    case 'chain': {
      const head = scope.compile(scope, node.head);
      return { ...head, run: atNode(node, head.run) };
    }
    case 'variable':
      return compileVariable(scope, node);
  }
}

function compileVariable(scope: Scope, node: VariableNode): Compiled {
  const slots = scope.lookup(node.name);
  const slot = onlySlot(slots);
  if (slot !== null) {
    const evaluate: Eval = (run) => {
      run.node = node;
      return run.vars[slot];
    };
    return { run: evaluate, nilable: true, static: staticAt(slot) };
  }
  const pick = pickSet(slots, node.name);
  const evaluate: Eval = (run) => {
    run.node = node;
    return run.vars[pick(run)];
  };
  return { run: evaluate, nilable: true, static: (run) => run.statics[pick(run)] };
}

interface Links {
  readonly node: FieldNode | ChainNode | VariableNode;
  readonly head: Compiled;
  readonly sites: readonly Site[];
  readonly args: readonly Argument[];
  readonly hasFinal: boolean;
}

/** The common case: one field, no arguments. */
function compileField({ node, head, sites }: Links): Eval {
  const site = sites[0]!;
  const receiverOf = head.run;
  const slowly = (run: RenderState, receiver: Value) => {
    const found = find(run, site, { receiver, known: head.static?.(run), hasArgs: false });
    return found.kind === 'value' ? found.value : callMethod(run, found, { name: site.name, node }, noArgs);
  };
  if (node.kind === 'field') {
    return (run, dot) => {
      run.node = node;
      return readQuickly(site, dot) ?? slowly(run, dot);
    };
  }
  return (run, dot) => {
    const receiver = receiverOf(run, dot);
    return readQuickly(site, receiver) ?? slowly(run, receiver);
  };
}

function compileLinks({ node, head, sites, args, hasFinal }: Links): Eval {
  const last = sites.length - 1;
  const hasArgs = args.length > 0 || hasFinal;
  const cache = methodCollector(args, hasFinal);
  return (run, dot, final) => {
    let value = head.run(run, dot);
    let known = head.static?.(run);
    for (const [i, site] of sites.entries()) {
      const takesArgs = i === last && hasArgs;
      const found = find(run, site, { receiver: value, known, hasArgs: takesArgs });
      if (found.kind === 'value') {
        value = found.value;
        known = found.static;
        continue;
      }
      const call = { name: site.name, node };
      value = callMethod(run, found, call, takesArgs ? { ...cache, dot, final } : noArgs);
      known = found.method.result.kind === 'interface' ? found.method.result : undefined;
    }
    run.known = known;
    return value;
  };
}

type Method = Extract<Found, { kind: 'method' }>;

interface MethodArgs {
  readonly collect: (signature: Signature) => ReturnType<typeof collector>;
  readonly args: readonly unknown[];
  readonly hasFinal: boolean;
  readonly dot?: Value;
  readonly final?: Value;
}

const noArgs: MethodArgs = { collect: () => () => [], args: [], hasFinal: false };

/** Arguments for a method that is known only at run time; caches the last signature. */
function methodCollector(args: readonly Argument[], hasFinal: boolean): MethodArgs {
  let last: Signature | null = null;
  let collect: ReturnType<typeof collector> = () => [];
  return {
    args,
    hasFinal,
    collect(signature) {
      if (signature !== last) collect = collector((last = signature), args, hasFinal);
      return collect;
    },
  };
}

function callMethod(
  run: RenderState,
  { method, receiver }: Method,
  { name, node }: { name: string; node: OperandNode },
  given: MethodArgs,
): Value {
  const arity = arityError(name, method, given);
  if (arity !== null) fail(run, ...arity);
  if (method.unfit !== undefined) fail(run, '%v', method.unfit);
  const values = given.collect(method)(run, given.dot, given.final);
  try {
    const result = method.call(receiver, values);
    spendOn(values, result);
    return result;
  } catch (error) {
    throw callError(run, node, name, error);
  }
}
