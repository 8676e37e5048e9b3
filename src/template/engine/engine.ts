import type { Tick } from '../../go/budget.ts';
import type { FuncMap, Value } from '../../go/value.ts';

/** A template language. Text, names and output are byte strings. */
export interface Engine {
  /** Compiles text; funcs gives the names and signatures that it may call. Throws TemplateError. */
  compile(name: string, text: string, funcs: FuncMap): Template;
}

/** A compiled template: immutable, and safe to run any number of times. */
export interface Template {
  /**
   * Runs the template over data, calling funcs, and hands the output to write in chunks. Throws TemplateError, or lets
   * a Suspend pass through. Synchronous on purpose: what a render needs from outside it asks for with Suspend. While it
   * runs it calls tick again and again; what tick throws ends it. One that is run by a function of another has its tick.
   */
  render(data: Value, funcs: FuncMap, write: (chunk: string) => void, tick?: Tick): void;
  /** True when a file that it took in by itself is another one now; without it there is none. */
  isStale?(): Promise<boolean>;
}

/** Which language a template is written in, and how strictly it is taken. */
export interface Dialect {
  /** Null leaves it to the file's name: `.hbs` is Handlebars, all else is Go's. */
  readonly engine: 'go' | 'handlebars' | null;
  /** Whether a name that means nothing is an error in a Handlebars template. */
  readonly strict: boolean;
}

/** A place in a template's text: the line from 1, the column in bytes from 0 or null where only the line is known. */
export interface Position {
  readonly line: number;
  readonly column: number | null;
}

/** A template's file and what it held, as a byte string. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** A template that does not parse or does not run; `message` is the text that Go prints. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly at: Position | null;
  /** Null until whoever knows the file says so. */
  readonly file: TemplateFile | null;

  constructor(message: string, options: ErrorOptions & { readonly at?: Position; readonly file?: TemplateFile } = {}) {
    super(message, options);
    this.at = options.at ?? null;
    this.file = options.file ?? null;
  }
}

/** Thrown by a function whose answer is not there yet: await `until`, then render again from the start. */
export class Suspend extends Error {
  override readonly name = 'Suspend';
  constructor(readonly until: Promise<unknown>) {
    super('suspended');
  }
}
