import type { FuncMap } from '../../go/value.ts';
import { isOverflow, parseError } from './errors.ts';
import type { Source } from './errors.ts';
import type { ListNode } from './node.ts';
import { compileOperand } from './operands.ts';
import type { Trees } from './parse.ts';
import type { Exec } from './run.ts';
import { compileList } from './statements.ts';
import { Scope } from './unit.ts';
import type { Body, Unit } from './unit.ts';

/** A compiled text. */
export interface Program {
  readonly source: Source;
  readonly main: { readonly node: ListNode; readonly exec: Exec };
  readonly slots: ReadonlyMap<string, number>; // of the functions to bind for a run
}

/** Compiles the bodies of a text, once; they call each other by reference. */
export function compileBodies(source: Source, trees: Trees, funcs: FuncMap): Program {
  const bodies = new Map<string, Body>([...trees.keys()].map((name) => [name, { exec: () => 0 }]));
  const unit: Unit = { funcs, bodies, slots: new Map() };
  try {
    for (const [name, list] of trees) bodies.get(name)!.exec = compileList(new Scope(unit, compileOperand), list);
  } catch (error) {
    if (!isOverflow(error)) throw error;
    throw parseError(source.name, 1, 'max expression depth exceeded', []);
  }
  const node = trees.get(source.name)!;
  return { source, main: { node, exec: bodies.get(source.name)!.exec }, slots: unit.slots };
}
