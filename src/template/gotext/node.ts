import { quote } from '../../go/strconv.ts';

/** Statements and operands of a parsed template. `pos` is a byte offset in the text, for error messages. */
export interface ListNode {
  readonly kind: 'list';
  readonly pos: number;
  readonly nodes: readonly StatementNode[];
}

export interface TextNode {
  readonly kind: 'text';
  readonly pos: number;
  readonly text: string;
}

export interface ActionNode {
  readonly kind: 'action';
  readonly pos: number;
  readonly pipe: PipeNode;
}

export interface BranchNode {
  readonly kind: 'if' | 'range' | 'with';
  readonly pos: number;
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList: ListNode | null;
}

export interface TemplateNode {
  readonly kind: 'template';
  readonly pos: number;
  readonly name: string;
  readonly pipe: PipeNode | null;
}

export interface LoopNode {
  readonly kind: 'break' | 'continue';
  readonly pos: number;
}

export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | LoopNode;

export interface PipeNode {
  readonly kind: 'pipe';
  readonly pos: number;
  readonly assigns: boolean; // '=' rather than ':='
  readonly decl: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}

export interface CommandNode {
  readonly kind: 'command';
  readonly pos: number;
  readonly args: readonly [OperandNode, ...OperandNode[]];
}

export interface IdentifierNode {
  readonly kind: 'identifier';
  readonly pos: number;
  readonly name: string;
}

export interface VariableNode {
  readonly kind: 'variable';
  readonly pos: number;
  readonly name: string; // with its '$'
  readonly fields: readonly string[];
}

export interface FieldNode {
  readonly kind: 'field';
  readonly pos: number;
  readonly fields: readonly string[];
}

export interface ChainNode {
  readonly kind: 'chain';
  readonly pos: number;
  readonly head: OperandNode;
  readonly fields: readonly string[];
}

export interface WordNode {
  readonly kind: 'dot' | 'nil';
  readonly pos: number;
}

export interface BoolNode {
  readonly kind: 'bool';
  readonly pos: number;
  readonly value: boolean;
}

/** A number constant, in every type that can hold it exactly. */
export interface NumberNode {
  readonly kind: 'number';
  readonly pos: number;
  readonly text: string;
  readonly int?: bigint | undefined;
  readonly uint?: bigint | undefined;
  readonly float?: number | undefined;
  readonly complex?: readonly [re: number, im: number] | undefined;
}

export interface StringNode {
  readonly kind: 'string';
  readonly pos: number;
  readonly quoted: string; // as written
  readonly text: string;
}

export type OperandNode =
  PipeNode | IdentifierNode | VariableNode | FieldNode | ChainNode | WordNode | BoolNode | NumberNode | StringNode;

export type Node = ListNode | StatementNode | CommandNode | OperandNode;

/** The delimiters of an action. */
export interface Delims {
  readonly left: string;
  readonly right: string;
}

const usual: Delims = { left: '{{', right: '}}' };

/** A node as error messages show it: single blanks, literals as in the source. */
export function printNode(node: Node, delims = usual): string {
  const inside = (action: string) => delims.left + action + delims.right;
  switch (node.kind) {
    case 'list':
      return printList(node, delims);
    case 'text':
    case 'number':
      return node.text;
    case 'action':
      return inside(printNode(node.pipe));
    case 'if':
    case 'range':
    case 'with': {
      const otherwise = node.elseList === null ? '' : inside('else') + printList(node.elseList, delims);
      return inside(`${node.kind} ${printNode(node.pipe)}`) + printList(node.list, delims) + otherwise + inside('end');
    }
    case 'template':
      return inside(`template ${quote(node.name)}${node.pipe === null ? '' : ` ${printNode(node.pipe)}`}`);
    case 'break':
    case 'continue':
      return inside(node.kind);
    default:
      return printOperand(node);
  }
}

function printList(list: ListNode, delims: Delims): string {
  return list.nodes.map((node) => printNode(node, delims)).join('');
}

function printOperand(node: CommandNode | Exclude<OperandNode, NumberNode>): string {
  switch (node.kind) {
    case 'pipe': {
      const decl = node.decl.map((each) => printNode(each)).join(', ');
      const commands = node.commands.map((each) => printNode(each)).join(' | ');
      return decl === '' ? commands : `${decl} ${node.assigns ? '=' : ':='} ${commands}`;
    }
    case 'command':
      return node.args.map(printNested).join(' ');
    case 'identifier':
      return node.name;
    case 'variable':
      return [node.name, ...node.fields].join('.');
    case 'field':
      return `.${node.fields.join('.')}`;
    case 'chain':
      return [printNested(node.head), ...node.fields].join('.');
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'string':
      return node.quoted;
  }
}

function printNested(node: OperandNode): string {
  return node.kind === 'pipe' ? `(${printNode(node)})` : printNode(node);
}
