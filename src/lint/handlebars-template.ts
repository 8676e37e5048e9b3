import { basename } from 'node:path';
import type { ConfigPlace } from '../config/error.ts';
import { fromText, toText } from '../go/bytes.ts';
import { type Engine, TemplateError } from '../template/engine/engine.ts';
import type { Call, Node, Program } from '../template/handlebars/ast.ts';
import { blockNames, callName } from '../template/handlebars/expressions.ts';
import { type Parse, parseTemplate } from '../template/handlebars/parse.ts';
import { visitProgram } from '../template/handlebars/visit.ts';
import type { Problem } from './problem.ts';
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

/** The language as it is loaded. */
export interface Handlebars {
  readonly parse: Parse;
  readonly engine: Engine;
}

/** What is known of a Handlebars template. */
export function handlebarsFacts(file: TemplateText, { parse, engine }: Handlebars): TemplateFacts {
  const name = basename(file.path);
  const problem = compileProblem(file, engine);
  let program: Program;
  try {
    program = parseTemplate(parse, name, file.text);
  } catch {
    // What does not parse does not compile, either, and that has been told.
    return { ...nothing, problems: problem === null ? [] : [problem] };
  }
  const facts = look(file, program);
  const isTold =
    problem !== null &&
    facts.problems.some(({ message, line }) => line === problem.line && message.startsWith(problem.message));
  return problem === null || isTold ? facts : { ...facts, problems: [...facts.problems, problem] };
}

function compileProblem(file: TemplateText, engine: Engine): Problem | null {
  try {
    engine.compile(fromText(basename(file.path)), file.text, file.funcs);
    return null;
  } catch (error) {
    return refused(file, error);
  }
}

const nothing: TemplateFacts = { problems: [], lookups: [], includes: [], inlines: new Set(), isOpen: false };

function refused(file: TemplateText, error: unknown): Problem {
  if (!(error instanceof TemplateError)) throw error;
  const message = error.message.replace(/^template: .*?:\d+(?::\d+)?: /s, '');
  const code = message.startsWith('wrong number of args') ? 'wrong-arguments' : 'template-syntax';
  return { code, message, ...file.placeOf(error.at ?? { line: 1, column: 0 }) };
}

function look(file: TemplateText, program: Program): TemplateFacts {
  const problems: Problem[] = [];
  const lookups: Lookup[] = [];
  const includes: Inclusion[] = [];
  const inlines = new Set<string>();
  let isOpen = false;
  const place = ({ loc }: Node): ConfigPlace => file.placeOf(loc.start);
  const lookAtCall = (node: Call & { readonly type: string }, name: string): void => {
    if (!isKnown(name, file.funcs) && !blockNames.has(name) && name !== 'lookup') {
      const isCall = node.params.length > 0 || node.hash !== undefined;
      if (isCall) problems.push(unknownFunction(name, file.funcs, place(node)));
      return;
    }
    const [first] = node.params;
    if (name === 'datetime' && node.type === 'MustacheStatement') problems.push(datetimeInOutput(place(node)));
    if (first === undefined) return;
    const text = first.type === 'StringLiteral' ? first.value : null;
    if (lookupKinds.has(name) && text !== null) lookups.push({ func: name, key: text, place: place(first) });
    if (name !== 'include') return;
    if (text === null) isOpen = true;
    else includes.push({ kind: 'include', name: toText(text), place: place(first), hasFallback: false });
  };
  visitProgram(program, {
    call: (node, params) => {
      const name = callName({ params }, node);
      if (name !== null) lookAtCall(node, name);
    },
    partial: (node) => {
      if (node.name.type === 'SubExpression') isOpen = true;
      else {
        const name = toText(String(node.name.original));
        const hasFallback = node.type === 'PartialBlockStatement';
        if (name !== '@partial-block') includes.push({ kind: 'partial', name, place: place(node), hasFallback });
      }
    },
    inline: (name) => {
      if (name?.type === 'StringLiteral') inlines.add(toText(name.value));
      else isOpen = true;
    },
  });
  return { problems, lookups, includes, inlines, isOpen };
}
