/** confd as a library: Go's template language over plain data, and an agent to embed. */
import type { Agent } from './agent/schedule/agent.ts';
import { type AgentSettings, assembleAgent } from './agent/assemble.ts';
import { interval, onetime, watch } from './agent/schedule/processors.ts';
import type { Backend } from './backend/contract/backend.ts';
import { storeSettings } from './backend/entries.ts';
import { type BackendOptions, openStore } from './backend/open.ts';
import { defaultsOf } from './config/schema/schema.ts';
import { fromText, toText } from './go/bytes.ts';
import type { Func } from './go/value.ts';
import { systemClock } from './obs/clock.ts';
import { labelled, type Logger } from './obs/log.ts';
import { compileTemplate } from './template/gotext/template.ts';
import { fromPlain, type Plain } from './template/plain.ts';

export type { Failure, Outcome, Step } from './agent/pipeline/outcome.ts';
export type { Comparison, FileState, KeyCounts, PassRecord, Trigger } from './agent/pipeline/pass-record.ts';
export type { PendingReload, ReloadLedger } from './agent/pipeline/reload-ledger.ts';
export {
  type Backend,
  BackendError,
  type Cursor,
  type Edit,
  type Edits,
  type Replace,
  type Resync,
  type SessionItem,
  type Snapshot,
} from './backend/contract/backend.ts';
export { AgentError } from './agent/resource/error.ts';
export { ConfigError } from './config/error.ts';
export { type Keys, type RenderedResource, renderResource, type RenderOptions } from './render.ts';
export { createLogger, type Level, type Logger } from './obs/log.ts';
export { TemplateError } from './template/engine/engine.ts';
export { type Plain, type PlainType, templateFunc, variadicTemplateFunc } from './template/plain.ts';

/** How a template is compiled; everything is optional. */
export interface CompileOptions {
  /** The functions of the template, made by templateFunc. */
  readonly funcs?: ReadonlyMap<string, Func>;
  readonly delims?: { readonly left: string; readonly right: string };
  /** The result of a missing map key: "<no value>", the zero value, or an error. */
  readonly missingKey?: 'default' | 'zero' | 'error';
}

/** A compiled template; it can be rendered any number of times. */
export interface CompiledTemplate {
  /** The output over data, as text; throws TemplateError. */
  render(data?: Plain): string;
  /** The output over data, byte for byte; throws TemplateError. */
  renderBytes(data?: Plain): Buffer;
}

/** Compiles a template in Go's language. Throws TemplateError with Go's message. */
export function compile(name: string, text: string, options: CompileOptions = {}): CompiledTemplate {
  const { funcs = new Map<string, Func>(), delims, missingKey } = options;
  const template = compileTemplate(fromText(name), fromText(text), {
    funcs,
    ...(delims && { delims: { left: fromText(delims.left), right: fromText(delims.right) } }),
    ...(missingKey && { missingKey }),
  });
  const run = (data: Plain): string => {
    let output = '';
    template.render(fromPlain(data), funcs, (chunk) => (output += chunk));
    return output;
  };
  return {
    render: (data) => toText(run(data)),
    renderBytes: (data) => Buffer.from(run(data), 'latin1'),
  };
}

/** Opens a store by its name ("etcd", "env", "file"); settings have confd's defaults. Throws BackendError. */
export async function openBackend(
  options: Partial<BackendOptions> & Pick<BackendOptions, 'backend'>,
): Promise<Backend> {
  const whole: BackendOptions = { ...defaultsOf(storeSettings), env: new Map(), log: silent, ...options };
  return (await openStore(whole)).backend;
}

/** The settings of an agent; only the store and confdir are required. */
export interface EmbeddedAgentOptions extends Partial<AgentSettings> {
  readonly backend: Backend;
  readonly confdir: string;
  /** Gets the log lines; none by default. */
  readonly log?: Logger;
  /** Ends the agent after its current step. */
  readonly signal?: AbortSignal;
}

/** An agent in this process; the caller closes the store. */
export interface EmbeddedAgent {
  /** One pass of every resource; false when something failed, which has been logged. Throws BackendError. */
  once(): Promise<boolean>;
  /** Follows the store until the signal fires; reads everything again every intervalSeconds. */
  watch(intervalSeconds?: number): Promise<void>;
  /** One pass every intervalSeconds until the signal fires. */
  poll(intervalSeconds?: number): Promise<void>;
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
};
const defaultIntervalSeconds = 600;
const defaultDebounceMs = 5;

/** Creates an agent; it runs when one of its methods is called. */
export function createAgent(options: EmbeddedAgentOptions): EmbeddedAgent {
  const { backend, log = silent, signal = new AbortController().signal, ...given } = options;
  const settings: AgentSettings = {
    resourceFile: null,
    prefix: '',
    noop: false,
    syncOnly: false,
    keepStageFile: false,
    env: new Map(),
    openStore: async (store, label) =>
      (await openStore({ ...store, env: settings.env, log: labelled(log, label) })).backend,
    ...given,
  };
  const assemble = (): Agent => assembleAgent(backend, settings, { clock: systemClock, log, signal });
  const defaults = { clock: systemClock, debounceMs: defaultDebounceMs, splayMs: 0 };
  const pace = (seconds: number) => ({ ...defaults, intervalMs: seconds * 1000 });
  return {
    once: async () => (await onetime(assemble(), signal)).length === 0,
    watch: async (seconds = defaultIntervalSeconds) => {
      await watch(assemble(), pace(seconds), signal);
    },
    poll: async (seconds = defaultIntervalSeconds) => {
      await interval(assemble(), pace(seconds), signal);
    },
  };
}
