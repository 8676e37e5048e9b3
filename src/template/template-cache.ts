import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fromText } from '../go/bytes.ts';
import { errnoText, kindOf } from '../go/os.ts';
import type { FuncMap } from '../go/value.ts';
import { TemplateError } from './engine/engine.ts';
import type { Dialect, Engine, Template, TemplateFile } from './engine/engine.ts';
import { declaredFuncs } from './funcs/funcs.ts';
import { goEngine } from './gotext/template.ts';

interface Compiled {
  /** The identity of the file: an edit gives another one. */
  readonly stamp: string;
  readonly template: Template | TemplateError;
}

/** Returns the engine for a file. */
export type EngineFor = (path: string, dialect: Dialect) => Engine | Promise<Engine>;

const defaultEngine: Dialect = { engine: null, strict: true };

/** Template files, compiled once until they change. */
export class Templates {
  readonly #engineFor: EngineFor;
  readonly #funcs: FuncMap;
  readonly #compiled = new Map<string, Compiled>();

  constructor(engineFor: EngineFor = () => goEngine, funcs = declaredFuncs) {
    this.#engineFor = engineFor;
    this.#funcs = funcs;
  }

  /** The template in a file. Throws TemplateError in confd's words: missing, not readable, not a template. */
  async load(path: string, dialect = defaultEngine): Promise<Template> {
    const key = [dialect.engine, dialect.strict, path].join(' ');
    const stamp = await stampOf(path);
    let compiled = this.#compiled.get(key);
    if (compiled?.stamp !== stamp || (await isStale(compiled))) {
      compiled = { stamp, template: await this.#compile(path, await read(path), dialect) };
      this.#compiled.set(key, compiled);
    }
    if (compiled.template instanceof TemplateError) throw compiled.template;
    return compiled.template;
  }

  async #compile(path: string, text: string, dialect: Dialect): Promise<Template | TemplateError> {
    const engine = await this.#engineFor(path, dialect);
    const file: TemplateFile = { path, text };
    try {
      return knowing(file, engine.compile(fromText(basename(path)), text, this.#funcs));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const cause = locate(error, file);
      return new TemplateError(`Unable to process template ${path}, ${error.message}`, { cause });
    }
  }
}

async function isStale({ template }: Compiled): Promise<boolean> {
  return !(template instanceof TemplateError) && (await template.isStale?.()) === true;
}

/** A template whose errors name the file. */
function knowing(file: TemplateFile, template: Template): Template {
  return {
    ...(template.isStale && { isStale: template.isStale.bind(template) }),
    render(data, funcs, write, tick) {
      try {
        template.render(data, funcs, write, tick);
      } catch (error) {
        throw error instanceof TemplateError ? locate(error, file) : error;
      }
    },
  };
}

function locate({ message, cause, at }: TemplateError, file: TemplateFile): TemplateError {
  return new TemplateError(message, { cause, file, ...(at && { at }) });
}

/** Changes whenever the file may have changed; includes the ctime, for edits that restore the modification time. */
async function stampOf(path: string): Promise<string> {
  try {
    const found = await stat(path, { bigint: true });
    // To open a pipe is to wait for whoever writes to it, and a device may never end.
    if (!found.isFile() && !found.isDirectory()) {
      const why = `it is ${kindOf(found)}, and not a file`;
      throw new TemplateError(`Unable to process template ${path}, ${why}`, { cause: new Error(why) });
    }
    const { dev, ino, size, mtimeNs, ctimeNs } = found;
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new TemplateError(`Missing template: ${path}`, { cause: error });
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException): TemplateError {
  const call = error.code === 'EISDIR' ? 'read' : 'open';
  return new TemplateError(`Unable to process template ${path}, ${call} ${path}: ${errnoText(error)}`, {
    cause: error,
  });
}
