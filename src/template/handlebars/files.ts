import { readFile, realpath, stat } from 'node:fs/promises';
import { fromText, toText } from '../../go/bytes.ts';
import { errnoText, kindOf } from '../../go/os.ts';
import { join } from '../../go/path.ts';
import { GoError } from '../../go/value.ts';
import { Suspend, TemplateError } from '../engine/engine.ts';
import type { HbsExec } from './state.ts';

interface Found {
  /** The content of the file; null when there is none. */
  readonly text: string | null;
  readonly exec: HbsExec | GoError | TemplateError | null;
}

/** The files that a template includes as partials, from below one folder; each is read once. */
export class PartialFiles {
  readonly #folder: string;
  readonly #compile: (name: string, text: string) => HbsExec;
  readonly #found = new Map<string, Found>();

  constructor(folder: string, compile: (name: string, text: string) => HbsExec) {
    this.#folder = folder;
    this.#compile = compile;
  }

  /**
   * The partial `name` (a byte string), or null when there is none. Throws Suspend at the first request, GoError for a
   * file that cannot be read, TemplateError for a file that is not a template.
   */
  find(name: string): HbsExec | null {
    const found = this.#found.get(name);
    if (found === undefined) throw new Suspend(this.#load(name).then((loaded) => this.#found.set(name, loaded)));
    if (found.exec instanceof Error) throw found.exec;
    return found.exec;
  }

  /** True when a requested file has changed. */
  async isEdited(): Promise<boolean> {
    for (const [name, { text }] of this.#found) {
      const now = await this.#read(name).catch(() => null);
      if ((now?.text ?? null) !== text) return true;
    }
    return false;
  }

  async #load(name: string): Promise<Found> {
    try {
      const file = await this.#read(name);
      if (file === null) return { text: null, exec: null };
      return { text: file.text, exec: this.#compileFile(file.name, file.text) };
    } catch (error) {
      if (error instanceof GoError) return { text: null, exec: error };
      throw error;
    }
  }

  #compileFile(name: string, text: string): HbsExec | TemplateError {
    try {
      return this.#compile(name, text);
    } catch (error) {
      if (error instanceof TemplateError) return error;
      throw error;
    }
  }

  async #read(name: string): Promise<{ name: string; text: string } | null> {
    for (const file of [`${toText(name)}.hbs`, toText(name)]) {
      const path = join(this.#folder, file);
      if (file.includes('\0') || !isBelow(path, join(this.#folder))) throw outside(name);
      try {
        const [real, folder] = await Promise.all([realpath(path), realpath(this.#folder)]);
        if (!isBelow(real, folder)) throw outside(name);
        const found = await stat(real);
        // To open a pipe is to wait for whoever writes to it, and a device may never end.
        if (!found.isFile() && !found.isDirectory())
          throw new GoError(fromText(`open ${path}: it is ${kindOf(found)}, and not a file`));
        return { name: file, text: await readFile(real, 'latin1') };
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') continue;
        throw error instanceof GoError ? error : unreadable(path, error as NodeJS.ErrnoException);
      }
    }
    return null;
  }
}

const isBelow = (path: string, folder: string) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

function outside(name: string): GoError {
  return new GoError(`partial "${name}" is outside template directory`);
}

function unreadable(path: string, error: NodeJS.ErrnoException): GoError {
  return new GoError(fromText(`open ${path}: ${errnoText(error)}`));
}
