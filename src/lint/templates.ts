import { readFile, realpath, stat } from 'node:fs/promises';
import { errnoText, kindOf } from '../go/os.ts';
import { join } from '../go/path.ts';
import type { FuncMap } from '../go/value.ts';
import { enginesFor } from '../template/engines.ts';
import { loadParse } from '../template/handlebars/engine.ts';
import { goFacts } from './go-template.ts';
import { handlebarsFacts } from './handlebars-template.ts';
import type { Problem } from './problem.ts';
import type { Inclusion, TemplateFacts } from './template-facts.ts';
import { TemplateText } from './template-text.ts';

/** How a resource has its template read. */
export interface Language {
  readonly engine: 'go' | 'handlebars' | null;
  readonly strict: boolean;
}

const usual: Language = { engine: null, strict: true };

/** A template that cannot be read. */
export interface Unreadable {
  readonly isMissing: boolean;
  readonly why: string;
}

/** A template with all that it takes in. */
export interface Family {
  /** Problems of how the files take each other in. */
  readonly problems: readonly Problem[];
  /** The facts of each of its files, by path. */
  readonly members: ReadonlyMap<string, TemplateFacts>;
}

/** The template files below one folder, each looked through once for every language that it is read in. */
export class TemplateFiles {
  /** The paths that were asked for and are there. */
  readonly used = new Set<string>();
  readonly #read = new Map<string, TemplateFacts | Unreadable>();

  constructor(
    readonly folder: string,
    private readonly funcs: FuncMap,
  ) {}

  /** The facts of a template, or why it cannot be read. */
  async facts(path: string, language = usual): Promise<TemplateFacts | Unreadable> {
    const isHandlebars = (language.engine ?? (path.endsWith('.hbs') ? 'handlebars' : 'go')) === 'handlebars';
    const key = `${String(isHandlebars)} ${String(language.strict)} ${path}`;
    const known = this.#read.get(key) ?? (await this.#look(path, language, isHandlebars));
    this.#read.set(key, known);
    if (!('why' in known) || !known.isMissing) this.used.add(path);
    return known;
  }

  /** A template, whose facts are known, with all that it takes in. */
  async family(path: string, facts: TemplateFacts): Promise<Family> {
    const problems: Problem[] = [];
    const members = new Map([[path, facts]]);
    const missing: { readonly name: string; readonly problem: Problem }[] = [];
    const enter = async (from: TemplateFacts, stack: readonly string[]): Promise<void> => {
      for (const inclusion of from.includes) {
        const found = await this.#find(inclusion);
        if (typeof found === 'string') {
          if (inclusion.hasFallback) continue;
          missing.push({
            name: inclusion.name,
            problem: { code: 'invalid-include', message: found, ...inclusion.place },
          });
        } else if (inclusion.kind === 'include' && stack.includes(found.path)) {
          problems.push({ code: 'invalid-include', message: 'includes itself', ...inclusion.place });
        } else if (!members.has(found.path)) {
          members.set(found.path, found.facts);
          await enter(found.facts, [...stack, found.path]);
        }
      }
    };
    await enter(facts, [path]);
    // A partial may be an inline one of whoever calls.
    const inlines = new Set([...members.values()].flatMap((member) => [...member.inlines]));
    const isOpen = [...members.values()].some((member) => member.isOpen);
    for (const { name, problem } of missing) if (!inlines.has(name) && !isOpen) problems.push(problem);
    return { problems, members };
  }

  async #look(path: string, language: Language, isHandlebars: boolean): Promise<TemplateFacts | Unreadable> {
    let text: string;
    try {
      const found = await stat(path);
      // To open a pipe is to wait for whoever writes to it.
      if (!found.isFile()) return { isMissing: false, why: `it is ${kindOf(found)}, and not a file` };
      text = await readFile(path, 'latin1');
    } catch (error) {
      const failed = error as NodeJS.ErrnoException;
      return { isMissing: failed.code === 'ENOENT', why: errnoText(failed) };
    }
    const file = new TemplateText(path, text, this.funcs);
    if (!isHandlebars) return goFacts(file);
    const engine = await enginesFor(this.folder)(path, { ...language, engine: 'handlebars' });
    return handlebarsFacts(file, { parse: await loadParse(), engine });
  }

  /** The file that is taken in, or why there is none. */
  async #find({ kind, name }: Inclusion): Promise<{ path: string; facts: TemplateFacts } | string> {
    const names = kind === 'partial' ? [`${name}.hbs`, name] : [name];
    const language: Language = kind === 'partial' ? { engine: 'handlebars', strict: true } : usual;
    let why = '';
    for (const each of names) {
      const path = join(this.folder, each);
      if (!(await this.#isBelow(path))) return `${kind} ${JSON.stringify(name)} is outside template directory`;
      const facts = await this.facts(path, language);
      if (!('why' in facts)) return { path, facts };
      why ||= `${kind} ${JSON.stringify(name)}: ${path}: ${facts.why}`;
    }
    return why;
  }

  async #isBelow(path: string): Promise<boolean> {
    const isBelow = (inner: string, outer: string) => inner.startsWith(outer === '/' ? outer : `${outer}/`);
    if (path.includes('\0') || !isBelow(path, join(this.folder))) return false;
    try {
      return isBelow(await realpath(path), await realpath(this.folder));
    } catch {
      return true; // not there: reading it tells
    }
  }
}
