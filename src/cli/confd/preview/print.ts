import { resolveTemplate } from '../../../agent/resource/resource.ts';
import type { ResourceTemplate } from '../../../agent/resource/resource.ts';
import { writeTo } from '../../process/output.ts';
import { type Prepared, prepare, type RenderRequest, rendered, resolveAll, sayError } from './prepare.ts';
import { writeInto } from './tree.ts';

/** Renders the selected resources to standard output or into a directory; returns the exit code. */
export async function print(line: RenderRequest): Promise<number> {
  const prepared = await prepare(line);
  if (prepared === null) return 2;
  const { specs, log } = prepared;
  const folder = line.flags.get('o') as string | undefined;
  if (folder === '') log.error('-o needs the name of a directory');
  const resources = folder === '' ? [] : await templatesOf(prepared);
  const output = new Output(specs.length > 1);
  for await (const { resource, rendering } of rendered(resources, prepared)) {
    try {
      if (folder !== undefined) output.line(await writeInto(folder, resource, rendering));
      else output.file(resource.dest, rendering.chunks);
    } catch (error) {
      if (error instanceof OutputError) {
        if (error.message !== '') log.error(error.message);
        return 2;
      }
      sayError(error, resource, log);
    }
  }
  return log.failed ? 2 : 0;
}

function templatesOf(prepared: Prepared): Promise<ResourceTemplate[]> {
  const { templatesDir } = prepared.deps;
  const { prefix } = prepared.loaded.config;
  return resolveAll(prepared, (spec) => resolveTemplate(spec, { templatesDir, prefix }));
}

/** Standard output cannot be written; no message when its reader is gone. */
class OutputError extends Error {}

/** Standard output; with several files, a line above each of them, as in head(1). */
class Output {
  #isFirst = true;
  #isInLine = false;

  constructor(private readonly hasHeaders: boolean) {}

  line(text: string): void {
    this.#write(Buffer.from(`${text}\n`));
  }

  file(dest: string, chunks: readonly Buffer[]): void {
    if (this.hasHeaders) this.line(`${this.#isInLine ? '\n' : ''}${this.#isFirst ? '' : '\n'}==> ${dest} <==`);
    this.#isFirst = false;
    for (const chunk of chunks) this.#write(chunk);
  }

  #write(bytes: Buffer): void {
    const failure = writeTo(1, bytes);
    if (failure !== null) {
      throw new OutputError(failure.code === 'EPIPE' ? '' : `cannot write to standard output: ${failure.message}`);
    }
    if (bytes.length > 0) this.#isInLine = bytes.at(-1) !== 0x0a;
  }
}
