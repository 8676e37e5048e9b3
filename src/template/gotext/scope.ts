import type { FuncMap, Type } from '../../go/value.ts';
import type { ListNode, OperandNode } from './node.ts';
import type { Body, Eval } from './state.ts';

/** What all parts of the compilation of one text share. */
export interface Compilation {
  readonly funcs: FuncMap;
  readonly bodies: ReadonlyMap<string, Body>;
  readonly slots: Map<string, number>; // of the functions used
}

/** Compiles the body of a branch in one of the two ways to run bodies. */
export type ListCompiler<Compiled> = (scope: Scope, list: ListNode) => Compiled;

interface Binding {
  readonly name: string;
  readonly slot: number;
  readonly certain: boolean; // false if an and or or may have skipped the declaration
}

/** The names and slots of one body at one point. Slot 0 is `$`. */
export class Scope {
  private readonly bindings: Binding[] = [{ name: '$', slot: 0, certain: true }];
  private uncertain = 0;
  private slots = 1;
  /** The variables that have been assigned with = so far. */
  readonly assigned = new Set<string>();
  /** The slot with the static type of dot, or -1 if that is the dynamic type. */
  dot = -1;

  constructor(
    readonly compilation: Compilation,
    /** Compiles an operand; passed in so that arguments and pipelines need not import each other. */
    readonly compile: (scope: Scope, node: OperandNode) => Compiled,
  ) {}

  /** Whether every access must store the static type of its result in run.known. */
  keepsStatic = false;

  /** Compiles a part whose static type is needed. */
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

  /** The slots that may hold a variable, innermost first, up to the first that certainly does. */
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

  /** Compiles a part that may not run; also returns the slots that it declares. */
  perhaps<T>(part: () => T): { readonly result: T; readonly declared: readonly number[] } {
    const { length } = this.bindings;
    this.uncertain++;
    const result = part();
    this.uncertain--;
    return { result, declared: this.bindings.slice(length).map((binding) => binding.slot) };
  }
}

/** A compiled operand, and what Go knows about its type before it is evaluated. */
export interface Compiled {
  readonly run: Eval;
  /** The interface type that holds the value, if any; only needed for error messages. */
  readonly static?: StaticType;
  /** Whether the value may be a nil interface, which becomes no value at the end of a command. */
  readonly nilable: boolean;
}

export type StaticType = (run: Parameters<Eval>[0]) => Type | undefined;
