/** The tree of the handlebars package, as far as it is used; its strings are byte strings. */
export interface Node {
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
}

export interface Program {
  readonly body: readonly Statement[];
  readonly blockParams?: readonly string[];
}

export type Statement = Content | Comment | Mustache | Block | Partial | PartialBlock | Decorator | DecoratorBlock;

interface Content extends Node {
  readonly type: 'ContentStatement';
  readonly value: string;
}

interface Comment extends Node {
  readonly type: 'CommentStatement';
}

/** A name or call with its arguments: the common part of everything in braces. */
export interface Call extends Node {
  readonly path: Path | Literal;
  readonly params: readonly Expression[];
  readonly hash?: Hash;
}

export interface Mustache extends Call {
  readonly type: 'MustacheStatement';
}

export interface Block extends Call {
  readonly type: 'BlockStatement';
  readonly program?: Program;
  readonly inverse?: Program;
}

interface PartialCall extends Node {
  readonly name: Path | Literal | SubExpression;
  readonly params: readonly Expression[];
  readonly hash?: Hash;
}

export interface Partial extends PartialCall {
  readonly type: 'PartialStatement';
  readonly indent: string;
}

export interface PartialBlock extends PartialCall {
  readonly type: 'PartialBlockStatement';
  readonly program: Program;
}

interface Decorator extends Call {
  readonly type: 'Decorator';
}

/** `{{#*inline "name"}}` is the only decorator. */
export interface DecoratorBlock extends Call {
  readonly type: 'DecoratorBlock';
  readonly program: Program;
}

export type Expression = Path | Literal | SubExpression;

export interface SubExpression extends Call {
  readonly type: 'SubExpression';
}

export interface Path extends Node {
  readonly type: 'PathExpression';
  /** Whether it begins with an @. */
  readonly data: boolean;
  /** The number of `../`. */
  readonly depth: number;
  readonly parts: readonly string[];
  readonly original: string;
}

interface LiteralOf<T> extends Node {
  readonly value: T;
  /** The same value; a path has this field, too. */
  readonly original: T;
}

export type Literal =
  | (LiteralOf<string> & { readonly type: 'StringLiteral' })
  | (LiteralOf<number> & { readonly type: 'NumberLiteral' })
  | (LiteralOf<boolean> & { readonly type: 'BooleanLiteral' })
  | (LiteralOf<undefined> & { readonly type: 'UndefinedLiteral' })
  | (LiteralOf<null> & { readonly type: 'NullLiteral' });

/** Named arguments. */
export interface Hash extends Node {
  readonly pairs: readonly { readonly key: string; readonly value: Expression }[];
}
