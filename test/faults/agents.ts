import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from '../../src/agent/schedule/agent.ts';
import { assembleAgent } from '../../src/agent/assemble.ts';
import { watch } from '../../src/agent/schedule/processors.ts';
import type { Backend } from '../../src/backend/contract/backend.ts';
import { type Clock, systemClock } from '../../src/obs/clock.ts';
import { Confdir, waitFor } from '../helpers/confd.ts';
import { memoryLog } from '../helpers/memory-log.ts';

/** A clock on which everything takes a part of the time, so that half a minute of silence can be waited for. */
export const fasterClock = (times: number): Clock => ({
  now: () => Date.now() * times,
  sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
});
export const quickClock = fasterClock(10);

/** A confdir with one file that lists what is right below /app. */
export class Listing extends Confdir {
  readonly dest = this.resource('list', '{{range gets "/app/*"}}{{.Key}}={{.Value}};{{end}}', ['/app']);

  get text(): string | undefined {
    return existsSync(this.dest) ? readFileSync(this.dest, 'latin1') : undefined;
  }

  /** Waits until the file says so. */
  async says(text: string): Promise<void> {
    try {
      await waitFor('', () => this.text === text);
    } catch {
      throw new Error(
        `the file says ${JSON.stringify(this.text?.slice(0, 200))}, not ${JSON.stringify(text.slice(0, 200))}`,
      );
    }
  }
}

/** The agent in this process, watching: what it says, and how to end it. */
export class Watcher {
  readonly log = memoryLog();
  private readonly stopping = new AbortController();
  private readonly agent: Agent;
  private readonly running: Promise<unknown>;

  constructor(
    private readonly backend: Backend,
    readonly dir: Listing,
    clock: Clock = quickClock,
  ) {
    const { signal } = this.stopping;
    const settings = {
      ...{ confdir: dir.root, resourceFile: null, prefix: '' },
      ...{ noop: false, syncOnly: false, keepStageFile: false, env: new Map<string, string>() },
    };
    this.agent = assembleAgent(backend, settings, { clock, log: this.log, signal });
    this.running = watch(this.agent, { clock, intervalMs: 36_000_000, debounceMs: 20, splayMs: 0 }, signal);
  }

  /** What it complained about, each thing once, without ports and paths. */
  get complaints(): string[] {
    const wrong = this.log.lines.filter((line) => /^(ERROR|WARNING) /.test(line));
    return [...new Set(wrong.map((line) => withoutPlaces(line, this.dir)))];
  }

  async complains(about: RegExp): Promise<string> {
    return waitFor(`a complaint like ${about.source}`, () => this.complaints.find((line) => about.test(line)));
  }

  /** Reads everything anew. */
  hangup(): void {
    this.agent.wakeSignal.notify('hangup');
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.running;
    await this.backend.close();
  }
}

/** A line of the log as it is on every machine. */
export function withoutPlaces(line: string, dir: Confdir): string {
  return line.replaceAll(dir.root, 'DIR').replace(/127\.0\.0\.1:\d+/g, 'NODE');
}
