import { realpath } from 'node:fs/promises';
import { reserveText } from '../../go/budget.ts';
import { fromText, toText } from '../../go/bytes.ts';
import { errnoText } from '../../go/os.ts';
import { join } from '../../go/path.ts';
import { quote } from '../../go/strconv.ts';
import { GoError } from '../../go/value.ts';
import type { FuncMap, Value } from '../../go/value.ts';
import { Suspend, TemplateError } from '../engine/engine.ts';
import type { Template } from '../engine/engine.ts';

/** Loads the template of a file; throws TemplateError, with the reason as its cause. */
export interface Loader {
  load(path: string): Promise<Template>;
}

const maxDepth = 10;
/** A longer text is not a configuration file, and does not fit into memory. */
const maxLength = 2 ** 28;

/**
 * The files that one render includes. The first request for a file throws Suspend; when that has settled, the file is
 * available.
 */
export class Includes {
  readonly #loader: Loader;
  readonly #folder: string;
  /** By path: the template, or why there is none. */
  readonly #found = new Map<string, Template | GoError>();
  /** The paths of the files that are being rendered, outermost first. */
  readonly #stack: string[] = [];

  /** folder is the absolute path of the directory that contains all included files. */
  constructor(loader: Loader, folder: string) {
    this.#loader = loader;
    this.#folder = folder;
  }

  /** The output of the file `name` (a byte string) over data. Throws GoError when the file cannot be rendered. */
  render(name: string, data: Value, funcs: FuncMap): string {
    const path = this.#enter(name);
    try {
      return run(name, this.#template(name, path), (template, write) => {
        template.render(data, funcs, write);
      });
    } finally {
      this.#stack.pop();
    }
  }

  /** True when an included file has changed. */
  async isEdited(): Promise<boolean> {
    for (const [path, before] of this.#found) {
      const now = await this.#load(path);
      if (now !== before && !(now instanceof GoError && before instanceof GoError && now.message === before.message)) {
        return true;
      }
    }
    return false;
  }

  #enter(name: string): string {
    const path = join(this.#folder, toText(name));
    if (!isBelow(path, join(this.#folder))) throw outside(name);
    if (this.#stack.includes(path)) {
      throw new GoError(`include cycle detected: ${fromText(path)} is already being processed`);
    }
    if (this.#stack.length >= maxDepth) throw new GoError(`maximum include depth (${maxDepth}) exceeded`);
    this.#stack.push(path);
    return path;
  }

  #template(name: string, path: string): Template {
    const found = this.#found.get(path);
    if (found === undefined) {
      const ready = this.#load(path).then((loaded) => this.#found.set(path, loaded));
      throw new Suspend(ready);
    }
    if (!(found instanceof GoError)) return found;
    if (found === escaped) throw outside(name);
    const { cause } = found;
    if (cause instanceof TemplateError) throw failed('parse include', name, cause);
    throw new GoError(`include ${name}: ${found.message}`);
  }

  async #load(path: string): Promise<Template | GoError> {
    try {
      const [real, folder] = await Promise.all([realpath(path), realpath(this.#folder)]);
      return isBelow(real, folder) ? await this.#loader.load(path) : escaped;
    } catch (error) {
      if (error instanceof TemplateError) return refusal(path, error);
      const reason = path.includes('\0') ? 'invalid argument' : errnoText(error as NodeJS.ErrnoException);
      return new GoError(fromText(`open ${path}: ${reason}`));
    }
  }
}

const isBelow = (path: string, folder: string) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** For a file that is below the folder by name only: a link leads out of it. */
const escaped = new GoError('outside');

function outside(name: string): GoError {
  return new GoError(`include path ${quote(name)} is outside template directory`);
}

/** Why there is no template: the reason of the system, or the parse error. */
function refusal(path: string, { cause, message }: TemplateError): GoError {
  if (cause instanceof TemplateError) return new GoError(fromText(cause.message), { cause });
  const call = (cause as NodeJS.ErrnoException | undefined)?.code === 'EISDIR' ? 'read' : 'open';
  const reason = cause === undefined ? message : errnoText(cause as NodeJS.ErrnoException);
  return new GoError(fromText(`${call} ${path}: ${reason}`));
}

function run(name: string, template: Template, into: (template: Template, write: (chunk: string) => void) => void) {
  let output = '';
  const write = (chunk: string) => {
    reserveText(output.length + chunk.length);
    if ((output += chunk).length > maxLength) throw new GoError(`include ${name}: larger than ${maxLength} bytes`);
  };
  try {
    into(template, write);
  } catch (error) {
    if (error instanceof TemplateError) throw failed('execute include', name, error);
    throw error;
  }
  return output;
}

function failed(doing: string, name: string, cause: TemplateError): GoError {
  return new GoError(`${doing} ${name}: ${fromText(cause.message)}`, { cause });
}
