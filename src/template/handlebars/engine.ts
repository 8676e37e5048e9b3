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

/** Loads the handlebars package; returns its parser. */
export async function loadParse(): Promise<Parse> {
  const { default: handlebars } = await import('handlebars');
  return (text) => handlebars.parse(text);
}

/** Settings of the Handlebars engine. */
export interface HandlebarsSettings {
  /** The absolute path of the directory with the partials. */
  readonly folder: string;
  /** Whether an unknown name is an error; otherwise it is empty text. */
  readonly strict: boolean;
}

/**
 * Loads the handlebars package; returns a function that makes engines. The package parses the text; its tree is run
 * here, over our values: no code is generated from a template, and JavaScript properties cannot be reached.
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

/** A template may be nested too deep for the stack of this process; that is an error of the template. */
function guard<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RangeError) || error.message !== 'Maximum call stack size exceeded') throw error;
    throw new TemplateError(`template: ${name}: nested too deep`, { cause: error });
  }
}
