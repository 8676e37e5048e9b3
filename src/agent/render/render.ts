import { createHash } from 'node:crypto';
import type { Tick } from '../../go/budget.ts';
import { toText } from '../../go/bytes.ts';
import { formatDuration } from '../../go/duration.ts';
import type { FuncMap } from '../../go/value.ts';
import type { Clock } from '../../obs/clock.ts';
import { Suspend, type Template } from '../../template/engine/engine.ts';
import { AgentError } from '../resource/error.ts';
import { isMemoryFull } from './memory-limit.ts';

/** The output of a template. */
export interface Rendering {
  readonly chunks: readonly Buffer[];
  /** Total bytes of all chunks. */
  readonly size: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** The limits of one render, so that no template stops the agent. */
export interface RenderLimits {
  readonly outputBytes: number;
  /** Run time of the template itself, without the time that it waits for lookups. */
  readonly runMs: number;
}

/** High limits: only a mistake in a template reaches them. */
export const defaultRenderLimits: RenderLimits = { outputBytes: 1024 * 1024 * 1024, runMs: 60_000 };

/** After this many lookups a template is taken for one that never ends. */
const maxPasses = 10_000;
const chunkBytes = 64 * 1024;

/**
 * Runs the template again until no function has to wait for a lookup; makeFuncs is called before each run, and its
 * functions have the answers so far. Throws TemplateError, AgentError at a limit, or the error of a lookup.
 */
export async function render(
  template: Template,
  makeFuncs: () => FuncMap,
  limits: RenderLimits,
  clock: Clock,
): Promise<Rendering> {
  const meter = new Meter(limits, clock);
  const tick: Tick = (bytes, isText) => {
    meter.check(bytes, isText);
  };
  for (let pass = 0; pass < maxPasses; pass++) {
    const output = new Output(limits.outputBytes);
    try {
      meter.start();
      template.render(undefined, makeFuncs(), output.write.bind(output), tick);
      return output.end();
    } catch (error) {
      if (!(error instanceof Suspend)) throw tooLong(error);
      meter.stop();
      await error.until;
    }
  }
  throw new AgentError(`the template makes more than ${maxPasses} lookups`);
}

/** V8's messages for a value that is too large. */
const longText = /^Invalid string length|^Cannot create a string longer/;
const largeOther =
  /^Invalid (typed )?array length|^(Map|Set) maximum size exceeded|^Maximum (BigInt size|call stack size) exceeded|^Array buffer allocation failed/;

/** A value that is too large for JavaScript is the template's fault; any other error is returned unchanged. */
function tooLong(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (longText.test(error.message)) {
    return new AgentError('the template creates a string of more than 512 MiB', { cause: error });
  }
  if (!(error instanceof RangeError) || !largeOther.test(error.message)) return error;
  return new AgentError('the template creates a list that is too long, or values that are nested too deep', {
    cause: error,
  });
}

/** Measures the run time of a template. */
class Meter {
  private used = 0;
  private since = 0;

  constructor(
    private readonly limits: RenderLimits,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.since = this.clock.now();
  }

  stop(): void {
    this.used += this.clock.now() - this.since;
  }

  /** Throws when the time is over, or when so many more bytes would exceed the limit. */
  check(bytes = 0, isText = false): void {
    const { runMs, outputBytes } = this.limits;
    if (isText && bytes > outputBytes) {
      throw new AgentError(`the template creates a string that is larger than ${outputBytes} bytes (-max-output)`);
    }
    if (isMemoryFull(bytes)) throw new AgentError('the template needs more memory than is available');
    if (this.used + this.clock.now() - this.since <= runMs) return;
    const limit = toText(formatDuration(BigInt(Math.round(runMs * 1000)) * 1000n));
    throw new AgentError(`the template ran for more than ${limit} (-render-timeout)`);
  }
}

/** Collects the small writes of a template in buffers. */
class Output {
  private readonly chunks: Buffer[] = [];
  private readonly hash = createHash('md5');
  private pending = '';
  private size = 0;

  constructor(private readonly maxBytes: number) {}

  write(text: string): void {
    this.size += text.length;
    if (this.size > this.maxBytes) {
      throw new AgentError(`the template's output is larger than ${this.maxBytes} bytes (-max-output)`);
    }
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
