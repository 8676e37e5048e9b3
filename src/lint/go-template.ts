import { basename } from 'node:path';
import type { ConfigPlace } from '../config/error.ts';
import { fromText, toText } from '../go/bytes.ts';
import { sprintf } from '../go/fmt.ts';
import { nearest } from '../go/nearest.ts';
import type { Type } from '../go/value.ts';
import { TemplateError } from '../template/engine/engine.ts';
import { builtins } from '../template/gotext/builtins.ts';
import { arityError } from '../template/gotext/calls.ts';
import type { CommandNode, Node, OperandNode, PipeNode } from '../template/gotext/node.ts';
import { parse, type Trees } from '../template/gotext/parse.ts';
import { visitNodes } from '../template/gotext/visit.ts';
import { printsTime } from './go-time.ts';
import type { Problem } from './problem.ts';
import { quoted } from './quoted.ts';
import {
  datetimeInOutput,
  type Inclusion,
  isKnown,
  type Lookup,
  lookupKinds,
  type TemplateFacts,
  unknownFunction,
} from './template-facts.ts';
import type { TemplateText } from './template-text.ts';

/** What is known of a template in Go's language. */
export function goFacts(file: TemplateText): TemplateFacts {
  return new Reading(file).facts();
}

/** One template being looked through. */
class Reading {
  private readonly problems: Problem[] = [];
  private readonly lookups: Lookup[] = [];
  private readonly includes: Inclusion[] = [];
  private isOpen = false;

  constructor(private readonly file: TemplateText) {}

  facts(): TemplateFacts {
    const trees = this.parse();
    const clocks = new Set<string>();
    for (const body of trees.values())
      visitNodes(body, (node) => {
        this.look(node, trees, clocks);
      });
    const { problems, lookups, includes, isOpen } = this;
    return { problems, lookups, includes, isOpen, inlines: new Set() };
  }

  /** The bodies of the text; none of one that does not parse. Names that mean nothing do not end the reading. */
  private parse(): Trees {
    const { path, text, funcs } = this.file;
    const source = { name: fromText(basename(path)), text, delims: { left: '{{', right: '}}' } };
    const isLoopWord = (word: string) => word === 'break' || word === 'continue';
    const defined = new Set([...text.matchAll(/(\$\w+)\s*(?::=|,|=)/g)].map((match) => match[1]!));
    try {
      return parse(
        source,
        (word) => !isLoopWord(word) || isKnown(word, funcs),
        (name, pos) => {
          const near = nearest(name, defined);
          const hint = near === null ? '' : `; did you mean ${quoted(near)}?`;
          this.add('undefined-variable', `undefined variable ${quoted(name)}${hint}`, pos);
        },
      );
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const message = error.message.replace(/^template: .*?:\d+(?::\d+)?: /s, '');
      this.problems.push({
        code: 'template-syntax',
        message,
        ...this.file.placeOf(error.at ?? { line: 1, column: 0 }),
      });
      return new Map();
    }
  }

  private look(node: Node, trees: Trees, clocks: Set<string>): void {
    switch (node.kind) {
      case 'template':
        if (!trees.has(node.name)) this.lookAtTemplate(node.name, node.pos, trees);
        break;
      case 'action':
        if (!printsTime(node.pipe, clocks)) break;
        if (node.pipe.decl.length === 0) this.problems.push(datetimeInOutput(this.place(node.pipe.pos)));
        for (const { name } of node.pipe.decl) clocks.add(name);
        break;
      case 'identifier':
        if (!isKnown(node.name, this.file.funcs))
          this.problems.push(unknownFunction(node.name, this.file.funcs, this.place(node.pos)));
        break;
      case 'pipe':
        node.commands.forEach((command, i) => {
          this.lookAtCommand(command, i === 0 ? null : node.commands[i - 1]!);
        });
        break;
      default:
    }
  }

  private lookAtTemplate(name: string, pos: number, trees: Trees): void {
    const near = nearest(name, trees.keys());
    const hint = near === null ? '' : `; did you mean ${quoted(near)}?`;
    this.add('undefined-template', `template ${quoted(name)} not defined in this file${hint}`, pos);
  }

  private lookAtCommand({ args: [head, ...args] }: CommandNode, before: CommandNode | null): void {
    // A function among the arguments is called without any.
    for (const arg of args) if (arg.kind === 'identifier') this.lookAtCall(arg, [], false);
    if (head.kind !== 'identifier') return;
    this.lookAtCall(head, args, before !== null);
    const first = args[0] ?? (before?.args.length === 1 ? before.args[0] : undefined);
    const text = first === undefined ? null : constantOf(first);
    const place = this.place((args[0] ?? head).pos);
    if (lookupKinds.has(head.name) && text !== null) this.lookups.push({ func: head.name, key: text, place });
    if (head.name !== 'include' || first === undefined) return;
    if (text === null) this.isOpen = true;
    else this.includes.push({ kind: 'include', name: toText(text), place, hasFallback: false });
  }

  private lookAtCall(
    { name, pos }: { readonly name: string; readonly pos: number },
    args: readonly OperandNode[],
    hasFinal: boolean,
  ): void {
    const signature = (this.file.funcs.get(name) ?? builtins.get(name))?.type.signature;
    if (signature === undefined) return;
    const arity = arityError(name, signature, { args, hasFinal });
    if (arity !== null) this.add('wrong-arguments', toText(sprintf(arity[0], arity.slice(1))), pos);
    else if (this.file.funcs.has(name)) {
      args.forEach((arg, i) => {
        const type = signature.params[Math.min(i, signature.params.length - 1)]!;
        const wrong = unfit(arg, type);
        if (wrong !== null)
          this.add('wrong-arguments', `${name} takes a ${type.name} there, and not ${wrong}`, arg.pos);
      });
    }
  }

  private add(code: Problem['code'], message: string, pos: number): void {
    this.problems.push({ code, message, ...this.place(pos) });
  }

  private place(pos: number): ConfigPlace {
    return this.file.placeAt(pos);
  }
}

/** The text of an operand that is a constant, in parentheses or not. */
function constantOf(node: OperandNode): string | null {
  if (node.kind === 'string') return node.text;
  const inner = node.kind === 'pipe' ? onlyOperand(node) : null;
  return inner === null ? null : constantOf(inner);
}

function onlyOperand({ decl, commands: [command, ...more] }: PipeNode): OperandNode | null {
  return decl.length > 0 || command?.args.length !== 1 || more.length > 0 ? null : command.args[0];
}

/** What a constant is, where a parameter of that type cannot take it. */
function unfit(arg: OperandNode, { kind }: Type): string | null {
  if (kind === 'string') return arg.kind === 'number' ? 'a number' : arg.kind === 'bool' ? 'a boolean' : null;
  if (kind === 'int' || kind === 'float64') return arg.kind === 'string' ? 'a text' : null;
  return null;
}
