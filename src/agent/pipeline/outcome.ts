import { AgentError } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';

/** The steps of a pass, in order. `read` is for a resource whose keys could not be read. */
export type Step = 'read' | 'render' | 'compare' | 'stage' | 'check' | 'swap' | 'reload';

/** How a pass failed. No text in it contains the value of a key. */
export interface Failure {
  readonly status: 'failed';
  readonly step: Step;
  /** One line for the operator; for a bug, the stack follows on further lines. */
  readonly message: string;
  /** Further lines for the operator. */
  readonly hints: readonly string[];
  /** True when a reload is still pending, from this pass or an earlier one. */
  readonly pending: boolean;
  /** True for a bug of this program. */
  readonly isBug: boolean;
}

/** How a pass ended. */
export type Outcome =
  /** dest was already correct; `reloaded` when a pending reload has been run */
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

/** The outcome for an error that a step has thrown. */
export function failureOf(error: unknown, step: Step, pending: boolean, { file }: Pick<Resource, 'file'>): Failure {
  if (isOperational(error)) {
    const hints = error instanceof AgentError ? error.advice : [];
    return { status: 'failed', step, message: error.message, hints, pending, isBug: false };
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  // V8's message may quote a value of the store, so only the stack is kept.
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

/** False for an error that only a bug of this program can throw. */
function isOperational(error: unknown): error is Error {
  const name: unknown = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  return typeof name === 'string' && !bugs.has(name);
}
