import { limited } from '../../go/budget.ts';
import { toText } from '../../go/bytes.ts';
import type { FuncMap, Value } from '../../go/value.ts';
import { TemplateError } from '../engine/engine.ts';
import type { Engine, Template } from '../engine/engine.ts';
import { PartialFiles } from './files.ts';
import { parseTemplate } from './parse.ts';
import type { Parse } from './parse.ts';
import { flush } from './state.ts';
import type { HbsExec, HbsFrame, HbsState } from './state.ts';
import { compileProgram } from './statements.ts';
import type { Language } from './scope.ts';

/** Loads the handlebars package; gives what makes a tree of a text. */
export async function loadParse(): Promise<Parse> {
  const { default: handlebars } = await import('handlebars');
  return (text) => handlebars.parse(text);
}

/** How Handlebars templates are read. */
export interface HandlebarsSettings {
  /** The absolute path of the directory that partials come from. */
  readonly folder: string;
  /** Whether a name that means nothing is an error; else it has no text. */
  readonly strict: boolean;
}

/**
 * Loads the handlebars package and gives what makes engines of it. The package reads the text; its tree is run here,
 * over our values: no code is made of a template, and no JavaScript property is in its reach.
 */
export async function loadHandlebars(language: Language): Promise<(settings: HandlebarsSettings) => Engine> {
  const parse = await loadParse();
  return (settings) => ({
    compile: (name, text, funcs) => compile({ name, text, funcs }, { ...settings, language, parse }),
  });
}

interface Source {
  readonly name: string;
  readonly text: string;
  readonly funcs: FuncMap;
}

interface Dialect extends HandlebarsSettings {
  readonly language: Language;
  readonly parse: Parse;
}

function compile({ name, text, funcs }: Source, { folder, strict, language, parse }: Dialect): Template {
  const compileFile = (file: string, content: string): HbsExec => {
    const compilation = { name: file, funcs, language, strict };
    return guard(file, () => compileProgram({ compilation, params: [] }, parseTemplate(parse, file, content)).exec);
  };
  const file = toText(name);
  const main = compileFile(file, text);
  const files = new PartialFiles(folder, compileFile);
  return {
    isStale: () => files.isEdited(),
    render(data, bound, write, tick) {
      const state: HbsState = { funcs: bound, files, write, indents: [], out: '', depth: 0 };
      try {
        guard(file, () => {
          limited(tick, () => {
            main(state, frameOf(data));
          });
        });
      } catch (error) {
        if (error instanceof TemplateError) flush(state);
        throw error;
      }
      flush(state);
    },
  };
}

function frameOf(root: Value): HbsFrame {
  const context = { value: root, outer: null };
  return { context, vars: { root, iteration: null, outer: null }, params: null, inlines: null, block: null };
}

/** A template can be nested deeper than the stack of this process is; that is the template's mistake. */
function guard<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RangeError) || error.message !== 'Maximum call stack size exceeded') throw error;
    throw new TemplateError(`template: ${name}: nested too deep`, { cause: error });
  }
}
