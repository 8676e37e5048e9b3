import { createHash } from 'node:crypto';
import type { FuncMap } from '../go/value.ts';
import { Suspend, type Template } from '../template/engine.ts';
import { AgentError } from './error.ts';

/** What a template came to. */
export interface Rendering {
  readonly chunks: readonly Buffer[];
  /** Bytes in all chunks. */
  readonly size: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** A template that asks for one more look-up after this many is taken for one without end. */
const maxPasses = 10_000;
const chunkBytes = 64 * 1024;

/**
 * Runs the template until no function has to wait for its answer; makeFuncs is called before each run, so that the
 * answers got so far are at hand. Throws TemplateError, AgentError when the output passes maxBytes, or what a look-up
 * was rejected with.
 */
export async function render(
  template: Template,
  makeFuncs: () => FuncMap,
  maxBytes = 1024 * 1024 * 1024,
): Promise<Rendering> {
  for (let pass = 0; pass < maxPasses; pass++) {
    const output = new Output(maxBytes);
    try {
      template.render(undefined, makeFuncs(), (chunk) => {
        output.write(chunk);
      });
      return output.end();
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
  throw new AgentError(`the template asks for more than ${maxPasses} look-ups`);
}

/** Gathers the small writes of a template into buffers. */
class Output {
  private readonly chunks: Buffer[] = [];
  private readonly hash = createHash('md5');
  private pending = '';
  private size = 0;

  constructor(private readonly maxBytes: number) {}

  write(text: string): void {
    this.size += text.length;
    if (this.size > this.maxBytes) throw new AgentError(`the template's output is larger than ${this.maxBytes} bytes`);
    this.pending += text;
    if (this.pending.length >= chunkBytes) this.flush();
  }

  end(): Rendering {
    this.flush();
    return { chunks: this.chunks, size: this.size, md5: this.hash.digest('hex') };
  }

  private flush(): void {
    if (this.pending === '') return;
    const chunk = Buffer.from(this.pending, 'latin1');
    this.pending = '';
    this.hash.update(chunk);
    this.chunks.push(chunk);
  }
}
