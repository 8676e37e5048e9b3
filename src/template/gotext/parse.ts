import { unquote } from '../../go/strconv.ts';
import { trimSpace } from '../../go/strings.ts';
import { GoError } from '../../go/value.ts';
import type { Value } from '../../go/value.ts';
import type { TemplateError } from '../engine/engine.ts';
import { isOverflow, parseError, positionAt } from './errors.ts';
import type { Source } from './errors.ts';
import { Lexer } from './lex.ts';
import { printNode } from './node.ts';
import type {
  BranchNode,
  ChainNode,
  CommandNode,
  ListNode,
  OperandNode,
  PipeNode,
  StatementNode,
  TemplateNode,
  VariableNode,
} from './node.ts';
import { parseNumber } from './number.ts';
import { printToken } from './token.ts';
import type { Token, TokenKind } from './token.ts';

/** The bodies that a text defines, by name, including the text itself. */
export type Trees = ReadonlyMap<string, ListNode>;

/**
 * Parses a text; hasFunction says which function names exist. Throws TemplateError. With onUndefined, an undefined
 * variable is reported to it and is not an error.
 */
export function parse(
  source: Source,
  hasFunction: (name: string) => boolean,
  onUndefined: ((name: string, pos: number) => void) | null = null,
): Trees {
  const lexer = new Lexer(source.text, source.delims, {
    break: !hasFunction('break'),
    continue: !hasFunction('continue'),
  });
  const shared: Shared = { source, lexer, hasFunction, onUndefined, trees: new Map(), nesting: 0, open: [] };
  try {
    new Parser(shared).parseText();
  } catch (error) {
    if (!isOverflow(error)) throw error;
    throw tooDeep(shared, '');
  }
  return shared.trees;
}

function tooDeep({ source, lexer }: Shared, why: string): TemplateError {
  return parseError({ name: source.name, line: lexer.line }, `max expression depth exceeded${why}`, []);
}

/** Whether a body has only white space, so that another body may replace it. */
function isEmpty(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && trimSpace(node.text) === '');
}

interface Shared {
  readonly source: Source;
  readonly lexer: Lexer;
  readonly hasFunction: (name: string) => boolean;
  readonly onUndefined: ((name: string, pos: number) => void) | null;
  readonly trees: Map<string, ListNode>;
  nesting: number; // of parentheses and bodies around the current token
  readonly open: number[]; // where the actions around the current token begin
}

/** What ends a list of statements, besides the end of the text. */
interface Closer {
  readonly kind: 'end' | 'else';
  readonly pos: number;
}

/** A list of statements, and what ended it. */
interface Ended {
  readonly list: ListNode;
  readonly closer: Closer;
}

/** One condition of a branch, its body, and what ended the body. */
interface Arm extends Ended {
  readonly pipe: PipeNode;
}

function toBranch(kind: BranchNode['kind'], { pipe, list }: Arm, elseList: ListNode | null): BranchNode {
  return { kind, pos: pipe.pos, pipe, list, elseList };
}

function isCloser(node: StatementNode | Closer): node is Closer {
  return node.kind === 'end' || node.kind === 'else';
}

function isFilled<T>(list: T[]): list is [T, ...T[]] {
  return list.length > 0;
}

/** Nesting needs stack for parsing, compiling and running; this much always fits. */
const maxNesting = 400;
const literals: ReadonlySet<string> = new Set(['bool', 'string', 'number', 'nil', 'dot']);
const operandStarts: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

/** Parses one body: the whole text, or a define or block, for which another Parser uses the same lexer. */
class Parser {
  // Up to three tokens that were put back; errors name the line of the first.
  private readonly tokens: Token[] = [{ kind: 'eof', pos: 0, text: '', line: 0 }];
  private pending = 0;
  private readonly names = ['$'];
  private actionLine = 0;
  private rangeDepth = 0;

  constructor(private readonly shared: Shared) {}

  private next(): Token {
    if (this.pending > 0) this.pending--;
    else this.tokens[0] = this.shared.lexer.next();
    return this.tokens[this.pending]!;
  }

  private peek(): Token {
    if (this.pending === 0) {
      this.tokens[0] = this.shared.lexer.next();
      this.pending = 1;
    }
    return this.tokens[this.pending - 1]!;
  }

  private backup(): void {
    this.pending++;
  }

  /** Puts tokens back before the last one that was read, in their order. */
  private backupBefore(...tokens: Token[]): void {
    const { length } = tokens;
    for (let i = 0; i < length; i++) this.tokens[length - i] = tokens[i]!;
    this.pending = length + 1;
  }

  private nextNonSpace(): Token {
    let token = this.next();
    while (token.kind === 'space') token = this.next();
    return token;
  }

  private peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup();
    return token;
  }

  private error(format: string, ...args: Value[]): never {
    throw parseError({ name: this.shared.source.name, line: this.tokens[0]!.line }, format, args);
  }

  /** An error about the innermost action without an end, shown where the action begins. */
  private unclosed(message: string): never {
    const { source, open } = this.shared;
    const at = positionAt(source.text, open.at(-1)!);
    throw parseError({ name: source.name, line: this.tokens[0]!.line, at }, '%s', [message]);
  }

  private unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.error('unexpected %s in %s', printToken(token), context);
    let started = '';
    if (this.actionLine !== 0 && this.actionLine !== token.line) {
      started = ` started at ${this.shared.source.name}:${this.actionLine}`;
      if (!token.text.endsWith(' action')) started = ` in action${started}`;
    }
    const message = token.text + started;
    return token.text === 'unclosed action' ? this.unclosed(message) : this.error('%s', message);
  }

  private printCloser({ kind }: Closer): string {
    const { left, right } = this.shared.source.delims;
    return left + kind + right;
  }

  private expect(context: string, ...kinds: TokenKind[]): Token {
    const token = this.nextNonSpace();
    return kinds.includes(token.kind) ? token : this.unexpected(token, context);
  }

  /** Runs a parser of literals; its GoError becomes an error on this line. */
  private read<T>(reader: () => T): T {
    try {
      return reader();
    } catch (error) {
      return error instanceof GoError ? this.error('%s', error.message) : rethrow(error);
    }
  }

  /** Adds a body, unless there is one of this name: then one of the two must be empty. */
  private add(name: string, list: ListNode): void {
    const { trees } = this.shared;
    const known = trees.get(name);
    if (known === undefined || isEmpty(known)) trees.set(name, list);
    else if (!isEmpty(list)) this.error('template: multiple definition of template %q', name);
  }

  /** The whole text. */
  parseText(): void {
    const nodes: StatementNode[] = [];
    const pos = this.peek().pos;
    while (this.peek().kind !== 'eof') {
      if (this.peek().kind === 'leftDelim' && this.atDefine()) {
        new Parser(this.shared).parseDefinition();
        this.shared.open.pop();
        continue;
      }
      const node = this.statement();
      if (isCloser(node)) return this.error('unexpected %s', this.printCloser(node));
      nodes.push(node);
    }
    this.add(this.shared.source.name, { kind: 'list', pos, nodes });
  }

  private atDefine(): boolean {
    const delim = this.next();
    if (this.nextNonSpace().kind === 'define') {
      this.shared.open.push(delim.pos);
      return true;
    }
    this.backupBefore(delim);
    return false;
  }

  /** A definition, after its `{{define`. */
  private parseDefinition(): void {
    const context = 'define clause';
    const token = this.expect(context, 'string', 'rawString');
    const name = this.read(() => unquote(token.text));
    this.expect(context, 'rightDelim');
    this.addBody(name, context, this);
  }

  /** Parses a body up to its end and adds it; an `{{else}}` is an error of the parser that began it. */
  private addBody(name: string, context: string, beginner: Parser): void {
    const { list, closer } = this.list();
    if (closer.kind !== 'end') beginner.error('unexpected %s in %s', this.printCloser(closer), context);
    this.add(name, list);
  }

  private list(): Ended {
    return this.nested(() => this.statements());
  }

  private nested<T>(part: () => T): T {
    const { shared } = this;
    if (shared.nesting === maxNesting) throw tooDeep(shared, `: more than ${maxNesting} levels`);
    shared.nesting++;
    const result = part();
    shared.nesting--;
    return result;
  }

  private statements(): Ended {
    const nodes: StatementNode[] = [];
    const pos = this.peekNonSpace().pos;
    while (this.peekNonSpace().kind !== 'eof') {
      const node = this.statement();
      if (isCloser(node)) return { list: { kind: 'list', pos, nodes }, closer: node };
      nodes.push(node);
    }
    return this.unclosed('unexpected EOF');
  }

  private statement(): StatementNode | Closer {
    const token = this.nextNonSpace();
    if (token.kind === 'text') return { kind: 'text', pos: token.pos, text: token.text };
    if (token.kind !== 'leftDelim') return this.unexpected(token, 'input');
    this.actionLine = token.line;
    this.shared.open.push(token.pos);
    const node = this.action();
    this.shared.open.pop();
    this.actionLine = 0;
    return node;
  }

  private action(): StatementNode | Closer {
    const token = this.nextNonSpace();
    switch (token.kind) {
      case 'block':
        return this.block();
      case 'break':
      case 'continue':
        return this.loopWord(token.kind, token.pos);
      case 'else':
        return this.elseAction();
      case 'end':
        return { kind: 'end', pos: this.expect('end', 'rightDelim').pos };
      case 'if':
      case 'range':
      case 'with':
        return this.branch(token.kind);
      case 'template':
        return this.template();
      default:
        this.backup();
        return { kind: 'action', pos: this.peek().pos, pipe: this.pipeline('command', 'rightDelim') };
    }
  }

  private loopWord(kind: 'break' | 'continue', pos: number): StatementNode {
    const token = this.nextNonSpace();
    if (token.kind !== 'rightDelim') this.unexpected(token, `{{${kind}}}`);
    if (this.rangeDepth === 0) this.error(`{{${kind}}} outside {{range}}`);
    return { kind, pos };
  }

  /** Leaves the keyword after `{{else` (if, with) for the branch. */
  private elseAction(): Closer {
    const token = this.peekNonSpace();
    if (token.kind === 'if' || token.kind === 'with') return { kind: 'else', pos: token.pos };
    return { kind: 'else', pos: this.expect('else', 'rightDelim').pos };
  }

  /** {{else if}} is {{else}}{{if}} with one common {{end}}; the branches are nested at the end. */
  private branch(kind: BranchNode['kind']): BranchNode {
    const declared = this.names.length;
    let branch = this.arm(kind);
    const outer: { readonly arm: Arm; readonly pos: number }[] = [];
    let elseList: ListNode | null = null;
    while (branch.closer.kind === 'else') {
      if (kind === 'range' || this.peek().kind !== kind) {
        elseList = this.elseList();
        break;
      }
      this.next();
      outer.push({ arm: branch, pos: branch.closer.pos });
      branch = this.arm(kind);
    }
    this.names.length = declared;
    let node = toBranch(kind, branch, elseList);
    for (const { arm, pos } of outer.reverse()) node = toBranch(kind, arm, { kind: 'list', pos, nodes: [node] });
    return node;
  }

  private arm(kind: BranchNode['kind']): Arm {
    const pipe = this.pipeline(kind, 'rightDelim');
    if (kind === 'range') this.rangeDepth++;
    const { list, closer } = this.list();
    if (kind === 'range') this.rangeDepth--;
    return { pipe, list, closer };
  }

  private elseList(): ListNode {
    const { list, closer } = this.list();
    if (closer.kind !== 'end') this.error('expected end; found %s', this.printCloser(closer));
    return list;
  }

  private block(): TemplateNode {
    const context = 'block clause';
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    const pipe = this.pipeline(context, 'rightDelim');
    new Parser(this.shared).addBody(name, context, this);
    return { kind: 'template', pos: token.pos, name, pipe };
  }

  private template(): TemplateNode {
    const context = 'template clause';
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    if (this.nextNonSpace().kind === 'rightDelim') return { kind: 'template', pos: token.pos, name, pipe: null };
    this.backup();
    return { kind: 'template', pos: token.pos, name, pipe: this.pipeline(context, 'rightDelim') };
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'rawString') return this.unexpected(token, context);
    return this.read(() => unquote(token.text));
  }

  private pipeline(context: string, end: TokenKind): PipeNode {
    const pos = this.peekNonSpace().pos;
    const decl: VariableNode[] = [];
    const assigns = this.declarations(context, decl);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.nextNonSpace();
      if (token.kind === end) break;
      if (!operandStarts.has(token.kind)) this.unexpected(token, context);
      this.backup();
      commands.push(this.command());
    }
    this.checkPipeline(commands, context);
    return { kind: 'pipe', pos, assigns, decl, commands };
  }

  /** Parses `$x :=`, `$x =` and, for range, `$i, $e :=`; returns whether they are assignments. */
  private declarations(context: string, decl: VariableNode[]): boolean {
    for (;;) {
      const variable = this.peekNonSpace();
      if (variable.kind !== 'variable') return false;
      this.next();
      // Three tokens of lookahead: in `$x foo`, only foo shows that $x is an operand.
      const after = this.peek();
      const mark = this.peekNonSpace();
      const isComma = mark.kind === 'char' && mark.text === ',';
      if (!isComma && mark.kind !== 'assign' && mark.kind !== 'declare') {
        this.backupBefore(...(after.kind === 'space' ? [variable, after] : [variable]));
        return false;
      }
      this.nextNonSpace();
      decl.push({ kind: 'variable', pos: variable.pos, name: variable.text, fields: [] });
      this.names.push(variable.text);
      if (!isComma) return mark.kind === 'assign';
      if (context !== 'range' || decl.length >= 2) this.error('too many declarations in %s', context);
      if (!['variable', 'rightDelim', 'rightParen'].includes(this.peekNonSpace().kind)) {
        this.error('range can only initialize variables');
      }
    }
  }

  private checkPipeline(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) this.error('missing value for %s', context);
    const stage = commands.findIndex((command, i) => i > 0 && literals.has(command.args[0].kind));
    if (stage > 0) this.error('non executable command in pipeline stage %d', BigInt(stage + 1));
  }

  private command(): CommandNode {
    const pos = this.peekNonSpace().pos;
    const args: OperandNode[] = [];
    for (;;) {
      this.peekNonSpace();
      const operand = this.operand();
      if (operand !== null) args.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'rightDelim' || token.kind === 'rightParen') this.backup();
      else if (token.kind !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    return isFilled(args) ? { kind: 'command', pos, args } : this.error('empty command');
  }

  /** A term with the fields directly after it; null if there is no operand. */
  private operand(): OperandNode | null {
    const head = this.term();
    if (head === null || this.peek().kind !== 'field') return head;
    const pos = this.peek().pos;
    const fields: string[] = [];
    while (this.peek().kind === 'field') fields.push(this.next().text.slice(1));
    switch (head.kind) {
      case 'field':
        return { kind: 'field', pos, fields: [...head.fields, ...fields] };
      case 'variable':
        return { kind: 'variable', pos, name: head.name, fields };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.error('unexpected . after term %q', printNode(head));
      default:
        return { kind: 'chain', pos, head, fields } satisfies ChainNode;
    }
  }

  private term(): OperandNode | null {
    const token = this.nextNonSpace();
    const { pos, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.shared.hasFunction(text)) this.error('function %q not defined', text);
        return { kind: 'identifier', pos, name: text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, pos };
      case 'variable':
        if (!this.names.includes(text)) {
          if (this.shared.onUndefined === null) this.error('undefined variable %q', text);
          this.shared.onUndefined(text, pos);
        }
        return { kind: 'variable', pos, name: text, fields: [] };
      case 'field':
        return { kind: 'field', pos, fields: [text.slice(1)] };
      case 'bool':
        return { kind: 'bool', pos, value: text === 'true' };
      case 'charConstant':
      case 'complex':
      case 'number':
        return this.read(() => parseNumber(token));
      case 'leftParen':
        return this.parenthesized();
      case 'string':
      case 'rawString':
        return { kind: 'string', pos, quoted: text, text: this.read(() => unquote(text)) };
      default:
        this.backup();
        return null;
    }
  }

  private parenthesized(): PipeNode {
    return this.nested(() => this.pipeline('parenthesized pipeline', 'rightParen'));
  }
}

function rethrow(error: unknown): never {
  throw error;
}
