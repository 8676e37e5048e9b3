import { limited } from '../../go/budget.ts';
import type { FuncMap, Value } from '../../go/value.ts';
import type { Engine, Template } from '../engine/engine.ts';
import { TemplateError } from '../engine/engine.ts';
import { builtins } from './builtins.ts';
import { compileBodies } from './compile.ts';
import type { Program } from './compile.ts';
import { execError, isOverflow } from './errors.ts';
import type { Source } from './errors.ts';
import { parse } from './parse.ts';
import { flush } from './state.ts';
import type { MissingKey, RenderState } from './state.ts';

/** Options for compiling a text. */
export interface TemplateOptions {
  readonly funcs: FuncMap;
  /** The delimiters of an action; an empty string means `{{` or `}}`. */
  readonly delims?: { readonly left: string; readonly right: string };
  /** The result of a missing map key: no value, the zero value of the map's elements, or an error. */
  readonly missingKey?: MissingKey;
}

/** Compiles a text in Go's template language. Throws TemplateError. */
export function compileTemplate(name: string, text: string, options: TemplateOptions): Template {
  const { funcs, delims } = options;
  const source: Source = { name, text, delims: { left: delims?.left || '{{', right: delims?.right || '}}' } };
  const trees = parse(source, (word) => funcs.has(word) || builtins.has(word));
  const program = compileBodies(source, trees, funcs);
  const missingKey = options.missingKey ?? 'default';
  return {
    render(data, bound, write, tick) {
      const run = startRun(program, { data, missingKey, write }, bound);
      limited(tick, () => {
        render(program, run, data);
      });
    },
  };
}

/** The default template language: exactly Go's. */
export const goEngine: Engine = {
  compile: (name, text, funcs) => compileTemplate(name, text, { funcs }),
};

type Start = Pick<RenderState, 'missingKey' | 'write'> & { readonly data: Value };

function startRun(program: Program, { data, missingKey, write }: Start, funcs: FuncMap): RenderState {
  const { source, main } = program;
  return {
    source,
    missingKey,
    write,
    funcs: [...program.slots.keys()].map((name) => funcs.get(name)),
    out: '',
    node: main.node,
    template: source.name,
    depth: 0,
    vars: [data ?? undefined],
    known: undefined,
    statics: [],
  };
}

function render(program: Program, run: RenderState, data: Value): void {
  try {
    program.main.exec(run, data ?? undefined);
  } catch (error) {
    // As in Go, output before an error stays written.
    if (error instanceof TemplateError || isOverflow(error)) flush(run);
    throw isOverflow(error) ? execError(run, 'max expression depth exceeded', []) : error;
  }
  flush(run);
}
