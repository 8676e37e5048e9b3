import type { FuncMap, Value } from '../go/value.ts';

/** A template language. Text, names and output are byte strings. */
export interface Engine {
  /** Compiles text; funcs gives the names and signatures that it may call. Throws TemplateError. */
  compile(name: string, text: string, funcs: FuncMap): Template;
}

/** A compiled template: immutable, and safe to run any number of times. */
export interface Template {
  /**
   * Runs the template over data, calling funcs, and hands the output to write in chunks. Throws TemplateError, or lets
   * a Suspend pass through. Synchronous on purpose: what a render needs from outside it asks for with Suspend.
   */
  render(data: Value, funcs: FuncMap, write: (chunk: string) => void): void;
}

/** A template that does not parse or does not run; `message` is the text that Go prints. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Thrown by a function whose answer is not there yet: await `until`, then render again from the start. */
export class Suspend extends Error {
  override readonly name = 'Suspend';
  constructor(readonly until: Promise<unknown>) {
    super('suspended');
  }
}
