import type { FuncMap, Type } from '../../go/value.ts';
import type { ListNode, OperandNode } from './node.ts';
import type { Body, Eval } from './state.ts';

/** What the compilation of one text shares. */
export interface Compilation {
  readonly funcs: FuncMap;
  readonly bodies: ReadonlyMap<string, Body>;
  readonly slots: Map<string, number>; // of the functions used
}

/** Compiles the body of a branch in one of the two ways in which bodies run. */
export type ListCompiler<Compiled> = (scope: Scope, list: ListNode) => Compiled;

interface Binding {
  readonly name: string;
  readonly slot: number;
  readonly certain: boolean; // false if an and or or may have skipped the declaration
}

/** The names and slots of one body at one point of it. Slot 0 is `$`. */
export class Scope {
  private readonly bindings: Binding[] = [{ name: '$', slot: 0, certain: true }];
  private uncertain = 0;
  private slots = 1;
  /** The variables that have been set with = so far. */
  readonly assigned = new Set<string>();
  /** The slot that says what static type dot has, or -1 if it is the dynamic one. */
  dot = -1;

  constructor(
    readonly compilation: Compilation,
    /** Compiles an operand; given here so that arguments and pipelines need not import each other. */
    readonly compile: (scope: Scope, node: OperandNode) => Compiled,
  ) {}

  /** Whether every access must leave the static type of what it found in run.known. */
  keepsStatic = false;

  /** Compiles a part of which the static type is asked for. */
  keepingStatic<T>(part: () => T): T {
    const { keepsStatic } = this;
    this.keepsStatic = true;
    const result = part();
    this.keepsStatic = keepsStatic;
    return result;
  }

  newSlot(): number {
    return this.slots++;
  }

  declare(name: string): number {
    const slot = this.newSlot();
    this.bindings.push({ name, slot, certain: this.uncertain === 0 });
    return slot;
  }

  /** The slots that may hold a variable, innermost first, up to the first that surely does. */
  lookup(name: string): readonly number[] {
    const slots: number[] = [];
    for (let i = this.bindings.length - 1; i >= 0; i--) {
      const binding = this.bindings[i]!;
      if (binding.name !== name) continue;
      slots.push(binding.slot);
      if (binding.certain) return slots;
    }
    return [...slots, -1];
  }

  /** Compiles a part whose declarations end with it. */
  inner<T>(part: () => T): T {
    const { length } = this.bindings;
    const { dot } = this;
    const result = part();
    this.bindings.length = length;
    this.dot = dot;
    return result;
  }

  /** Compiles a part that may not run; gives the slots declared in it, too. */
  perhaps<T>(part: () => T): { readonly result: T; readonly declared: readonly number[] } {
    const { length } = this.bindings;
    this.uncertain++;
    const result = part();
    this.uncertain--;
    return { result, declared: this.bindings.slice(length).map((binding) => binding.slot) };
  }
}

/** A compiled operand, and what Go knows about the type of its value before it has one. */
export interface Compiled {
  readonly run: Eval;
  /** The interface type that the value is stored in, if it is; only asked for when an error is written. */
  readonly static?: StaticType;
  /** Whether the value may be a nil interface, which becomes no value at the end of a command. */
  readonly nilable: boolean;
}

export type StaticType = (run: Parameters<Eval>[0]) => Type | undefined;
