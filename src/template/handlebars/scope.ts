import { toText } from '../../go/bytes.ts';
import type { FuncMap, Type, Value } from '../../go/value.ts';
import type { TemplateError } from '../engine/engine.ts';
import type { Node } from './ast.ts';
import { errorAt } from './parse.ts';

/** What Handlebars shares with Go's templates: the functions of the language, and the conversion of arguments. */
export interface Language {
  readonly builtins: FuncMap;
  /** Converts a value to an argument of a type. Throws GoError. */
  readonly fit: (value: Value, type: Type) => Value;
}

/** What the compilation of all nodes of a file shares. */
export interface HbsCompilation {
  /** Name of the file, as text. */
  readonly name: string;
  readonly funcs: FuncMap;
  readonly language: Language;
  /** Whether an unknown name is an error. */
  readonly strict: boolean;
}

/** A place in the text: the file, and the names of the block parameters around it, innermost first. */
export interface Scope {
  readonly compilation: HbsCompilation;
  readonly params: readonly (readonly string[])[];
}

/** An error at a node; message is a byte string. */
export function failure({ compilation }: Scope, node: Node, message: string): TemplateError {
  return errorAt(compilation.name, node, toText(message));
}
