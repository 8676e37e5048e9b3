import type { Tick } from '../../go/budget.ts';
import type { FuncMap, Value } from '../../go/value.ts';

/** A template language. Text, names and output are byte strings. */
export interface Engine {
  /** Compiles text; funcs has the names and signatures that it may call. Throws TemplateError. */
  compile(name: string, text: string, funcs: FuncMap): Template;
}

/** A compiled template: immutable, and can be rendered any number of times. */
export interface Template {
  /**
   * Renders over data and passes the output to write in chunks. Throws TemplateError, or lets a Suspend through. It is
   * synchronous on purpose: a render waits for something outside by Suspend. While it runs it calls tick again and
   * again; an error of tick ends it. A template that a function of another template renders uses that one's tick.
   */
  render(data: Value, funcs: FuncMap, write: (chunk: string) => void, tick?: Tick): void;
  /** True when a file that it includes by itself has changed; absent when it includes none. */
  isStale?(): Promise<boolean>;
}

/** The language of a template, and its strictness. */
export interface Dialect {
  /** Null: decided by the name of the file; `.hbs` is Handlebars, everything else is Go's. */
  readonly engine: 'go' | 'handlebars' | null;
  /** Whether an unknown name is an error in a Handlebars template. */
  readonly strict: boolean;
}

/** A place in a template's text: the line from 1; the column in bytes from 0, or null when only the line is known. */
export interface Position {
  readonly line: number;
  readonly column: number | null;
}

/** The file of a template and its content as a byte string. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** A template that cannot be parsed or executed; `message` is Go's text. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly at: Position | null;
  /** Null until the caller who knows the file adds it. */
  readonly file: TemplateFile | null;

  constructor(message: string, options: ErrorOptions & { readonly at?: Position; readonly file?: TemplateFile } = {}) {
    super(message, options);
    this.at = options.at ?? null;
    this.file = options.file ?? null;
  }
}

/** Thrown by a function whose answer is not available yet: await `until`, then render again from the start. */
export class Suspend extends Error {
  override readonly name = 'Suspend';
  constructor(readonly until: Promise<unknown>) {
    super('suspended');
  }
}
