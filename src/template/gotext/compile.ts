import type { FuncMap } from '../../go/value.ts';
import { isOverflow, parseError } from './errors.ts';
import type { Source } from './errors.ts';
import type { ListNode } from './node.ts';
import { compileOperand } from './operands.ts';
import type { Trees } from './parse.ts';
import { compileSteps, recursiveNames, runSteps } from './recursion.ts';
import type { Body, Exec } from './state.ts';
import { compileList } from './statements.ts';
import { Scope } from './scope.ts';
import type { Compilation } from './scope.ts';

/** A compiled text. */
export interface Program {
  readonly source: Source;
  readonly main: { readonly node: ListNode; readonly exec: Exec };
  readonly slots: ReadonlyMap<string, number>; // of the functions to bind for a run
}

const none: ReadonlySet<string> = new Set();

/** Compiles the bodies of a text, each once; they call each other by reference. */
export function compileBodies(source: Source, trees: Trees, funcs: FuncMap): Program {
  const bodies = new Map<string, Body>([...trees.keys()].map((name) => [name, { exec: () => 0, steps: null }]));
  const unit: Compilation = { funcs, bodies, slots: new Map() };
  try {
    // Only a text with one of these words can call a template.
    const recursive = /template|block/.test(source.text) ? recursiveNames(trees) : none;
    for (const [name, list] of trees) {
      const scope = new Scope(unit, compileOperand);
      const body = bodies.get(name)!;
      if (!recursive.has(name)) {
        body.exec = compileList(scope, list);
        continue;
      }
      const steps = compileSteps(scope, list, recursive);
      body.steps = steps;
      body.exec = (run, dot) => runSteps(steps, run, dot);
    }
  } catch (error) {
    if (!isOverflow(error)) throw error;
    throw parseError({ name: source.name, line: 1 }, 'max expression depth exceeded', []);
  }
  const node = trees.get(source.name)!;
  return { source, main: { node, exec: bodies.get(source.name)!.exec }, slots: unit.slots };
}
