import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const bin = (name: string) => join(import.meta.dirname, '../../bin', name);

/** A confdir in a temporary folder; `path` names a file below it. */
export class Confdir {
  readonly root = mkdtempSync(join(tmpdir(), 'confd-e2e-'));

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /** A resource over `keys` whose template is `template` and whose dest is <root>/<name>; more are further TOML lines. */
  resource(name: string, template: string, keys: readonly string[], more = ''): string {
    const dest = this.path(name);
    const text = `[template]\nsrc = "${name}.tmpl"\ndest = "${dest}"\nkeys = ${JSON.stringify(keys)}\n${more}\n`;
    this.write(`conf.d/${name}.toml`, text);
    this.write(`templates/${name}.tmpl`, template);
    return dest;
  }
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One of our programs, running. */
export class Program {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    /** Where it runs, and as whom (only root can choose). */
    where: { readonly cwd?: string; readonly uid?: number; readonly gid?: number } = {},
  ) {
    this.#child = spawn(process.execPath, [bin(name), ...args], {
      // Never the state directory of the machine.
      env: { PATH: process.env['PATH']!, CONFD_STATE_DIR: join(tmpdir(), 'confd-state'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...where,
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it, and waits until it is gone. */
  async stop(): Promise<Ended> {
    this.kill('SIGTERM');
    return this.ended;
  }

  /** The log without what differs from run to run: "LEVEL message" lines. */
  get log(): string[] {
    return logOf(this.stderr);
  }
}

/** "LEVEL message" of each log line. */
export function logOf(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ \S+ \S+\[\d+\]: /, ''));
}

/** Runs confd to its end. */
export async function confd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Program('confd', args, env).ended;
}

/** Waits until look gives something; the error names what was waited for. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (let tries = 0; tries < 6000; tries++) {
    const got = await look();
    if (got !== undefined && got !== false) return got;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}
