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

/** How a text is read and run; everything may be left out. */
export interface CompileOptions {
  /** What the template may call, made by templateFunc. */
  readonly funcs?: ReadonlyMap<string, Func>;
  readonly delims?: { readonly left: string; readonly right: string };
  /** What a missing map key gives: "<no value>", the zero value, or an error. */
  readonly missingKey?: 'default' | 'zero' | 'error';
}

/** A compiled template; run it as often as you like. */
export interface CompiledTemplate {
  /** The output over data, as text; throws TemplateError. */
  render(data?: Plain): string;
  /** The output over data, byte for byte; throws TemplateError. */
  renderBytes(data?: Plain): Buffer;
}

/** Compiles text in Go's template language. Throws TemplateError with Go's message. */
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

/** Opens a store by its name ("etcd", "env", "file"); what is left out is confd's default. Throws BackendError. */
export async function openBackend(
  options: Partial<BackendOptions> & Pick<BackendOptions, 'backend'>,
): Promise<Backend> {
  const whole: BackendOptions = { ...defaultsOf(storeSettings), env: new Map(), log: silent, ...options };
  return (await openStore(whole)).backend;
}

/** An agent's settings; only the store and confdir are needed. */
export interface EmbeddedAgentOptions extends Partial<AgentSettings> {
  readonly backend: Backend;
  readonly confdir: string;
  /** Where its lines go; nowhere by default. */
  readonly log?: Logger;
  /** Ends it after the step in hand. */
  readonly signal?: AbortSignal;
}

/** The agent in your own process; the store stays yours to close. */
export interface EmbeddedAgent {
  /** One pass of every resource; false when something failed (it has been logged). Throws BackendError. */
  once(): Promise<boolean>;
  /** Follows the store until the signal; everything is read again every intervalSeconds. */
  watch(intervalSeconds?: number): Promise<void>;
  /** A pass every intervalSeconds until the signal. */
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

/** Puts an agent together; nothing runs until it is told to. */
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
