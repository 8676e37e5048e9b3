import { AgentError } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';

/** The steps of a pass, in their order. `read` is there for a resource whose keys could not be read. */
export type Step = 'read' | 'render' | 'compare' | 'stage' | 'check' | 'swap' | 'reload';

/** How a pass failed; no text in it holds a value of a key. */
export interface Failure {
  readonly status: 'failed';
  readonly step: Step;
  /** For the operator, in one line; that of a bug has the stack below it. */
  readonly message: string;
  /** Lines for the operator below the message. */
  readonly hints: readonly string[];
  /** A reload is still to be made, because of this pass or of one before. */
  readonly pending: boolean;
  /** True for a mistake in this program. */
  readonly isBug: boolean;
}

/** How a pass ended. */
export type Outcome =
  /** dest was as wanted; `reloaded` when a reload that was pending has been made now */
  | { readonly status: 'unchanged'; readonly reloaded: boolean }
  /** dest was replaced; `reloaded` when there is a reload_cmd, which worked */
  | { readonly status: 'updated'; readonly reloaded: boolean }
  /** nothing was written, as asked; `changed` when dest is not as wanted */
  | { readonly status: 'noop'; readonly changed: boolean }
  /** too few keys to render; dest is as it was, `message` says why */
  | { readonly status: 'kept'; readonly message: string }
  /** the agent is stopping; dest is as it was */
  | { readonly status: 'stopped' }
  | Failure;

/** What a step throws, and where that happened, as an outcome. */
export function failureOf(error: unknown, step: Step, pending: boolean, { file }: Pick<Resource, 'file'>): Failure {
  if (isOperational(error)) {
    const hints = error instanceof AgentError ? error.advice : [];
    return { status: 'failed', step, message: error.message, hints, pending, isBug: false };
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  // Without the message: V8's quote what could not be converted, which may be a value of the store.
  const place = bug.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  const message = `Internal error while processing ${file}, please report it: ${[bug.name, ...place].join('\n')}`;
  return { status: 'failed', step, message, hints: [], pending, isBug: true };
}

const bugs: ReadonlySet<string> = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'EvalError',
  'URIError',
  'AssertionError',
]);

/** False for what only a mistake in this program can throw. */
function isOperational(error: unknown): error is Error {
  const name: unknown = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  return typeof name === 'string' && !bugs.has(name);
}
