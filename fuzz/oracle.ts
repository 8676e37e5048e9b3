import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toText } from '../src/go/bytes.ts';
import type { Case, Result } from './case.ts';

interface Answer {
  readonly o: string;
  readonly e: string;
  readonly s: boolean;
}

/** Builds the oracle; false if Go is missing. */
export function buildOracle(source: string, program: string): boolean {
  try {
    execFileSync('go', ['build', '-o', program, '.'], {
      cwd: source,
      env: { ...process.env, GOTOOLCHAIN: toolchain(source) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Exactly the Go that go.mod names; one that is installed fetches it through the Go module proxy. */
function toolchain(source: string): string {
  return `go${/^go (\S+)$/m.exec(readFileSync(join(source, 'go.mod'), 'utf8'))![1]!}`;
}

/** Real Go, in a process of its own. */
export class Oracle {
  #process: ChildProcessWithoutNullStreams | null = null;
  #lines: AsyncIterator<string> | null = null;

  constructor(readonly program: string) {}

  /** What Go makes of each case; null for one that takes too long or prints too much. */
  async ask(cases: readonly Case[]): Promise<(Result | null)[]> {
    const results: (Result | null)[] = [];
    while (results.length < cases.length) {
      const lines = this.#start();
      const rest = cases.slice(results.length);
      this.#process!.stdin.write(rest.map((one) => JSON.stringify(one)).join('\n') + '\n\n');
      while (results.length < cases.length) {
        const line = await lines.next();
        if (line.done === true) {
          this.stop(); // it has given up on a case, and has said so
          break;
        }
        const { o, e, s } = JSON.parse(line.value) as Answer;
        results.push(s ? null : { out: o, error: toText(e) });
      }
    }
    return results;
  }

  #start(): AsyncIterator<string> {
    if (this.#lines !== null) return this.#lines;
    this.#process = spawn(this.program, { stdio: 'pipe' });
    this.#process.stderr.pipe(process.stderr);
    this.#process.stdin.on('error', () => undefined); // it may have ended; then its output has, too
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    return this.#lines;
  }

  stop(): void {
    this.#process?.kill();
    this.#process = this.#lines = null;
  }
}
