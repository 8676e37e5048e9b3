import { type Backend, BackendError } from '../backend/contract/backend.ts';
import { loadResources } from '../config/resources.ts';
import type { Sources } from '../config/sources.ts';
import type { StoreSettings } from '../config/store.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Templates } from '../template/template-cache.ts';
import { enginesFor } from '../template/engines.ts';
import { declare, funcDepsOf } from '../template/funcs/funcs.ts';
import { Includes } from '../template/funcs/include.ts';
import type { Keyring } from '../template/funcs/keyring.ts';
import { Agent, type Loaded } from './schedule/agent.ts';
import { AgentError } from './resource/error.ts';
import type { Ending } from './resource/command.ts';
import { ResourceRenderer } from './schedule/resource-renderer.ts';
import { type RenderLimits, defaultRenderLimits } from './render/render.ts';
import { type Resource, resolveResource } from './resource/resource.ts';
import type { PassReader, PassRecord } from './pipeline/pass-record.ts';
import { MemoryLedger, type ReloadLedger } from './pipeline/reload-ledger.ts';
import { Semaphore } from './schedule/semaphore.ts';
import { removeStale } from './pipeline/stage-files.ts';

/** What an agent is told. */
export interface AgentSettings {
  /** Holds conf.d and templates. */
  readonly confdir: string;
  /** A resource file outside conf.d that is processed with it, or null. */
  readonly resourceFile: string | null;
  /** When not empty it replaces the resources' own prefixes. */
  readonly prefix: string;
  readonly noop: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  /** Whether a key of a resource that is misspelt, probably, is left at a warning; it is an error when left out. */
  readonly lenient?: boolean;
  /** What getenv sees. */
  readonly env: ReadonlyMap<string, string>;
  /** What one render may take; generous by default. */
  readonly limits?: RenderLimits;
  /** The stores that resources may name, and what the global one was opened with; none when left out. */
  readonly sources?: Sources;
  /** Called when the global store is first asked, which it is not where all resources have others. */
  readonly onGlobalUse?: () => void;
  /** Opens another store than the global one, for the agent to close. Throws BackendError. */
  readonly openStore?: (store: StoreSettings, label: string) => Promise<Backend>;
  /** Which dests still need a reload; in memory when left out. */
  readonly ledger?: ReloadLedger;
  /** Decrypts the values that cget and its like ask for; without it templates do not know them. */
  readonly keyring?: Keyring | null;
  /** Called with the record of every pass when it has ended and is logged; an error of its own is logged, no more. */
  readonly onPass?: (record: PassRecord) => unknown;
}

/** Where an agent lives. */
export interface AssembleDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the agent shall stop: passes end after the step in hand, but never between swap and reload. */
  readonly signal: AbortSignal;
  /** For a process that must end in time; left out, a command in hand is waited for. */
  readonly ending?: Ending;
  /** Commands without a time limit share the terminal of the process, so that sudo and ssh can ask. */
  readonly onTerminal?: boolean;
}

/** Passes that hold a rendering in memory at one time; those that wait for a command do not count. */
const maxConcurrentPasses = 8;

/** Puts an agent together on an open store, which stays its owner's to close; run it with one of the processors. */
export function assembleAgent(backend: Backend, settings: AgentSettings, deps: AssembleDeps): Agent {
  const { clock, log } = deps;
  const { limits = defaultRenderLimits, keyring = null, openStore = openNone, ledger = new MemoryLedger() } = settings;
  const templates = new Templates(enginesFor(templatesDir(settings)), declare(keyring));
  const semaphore = new Semaphore(maxConcurrentPasses);
  const createFuncDeps = () =>
    funcDepsOf(settings.env, clock, new Includes(templates, templatesDir(settings)), keyring);
  let isFirst = true;
  let lastWarnings: ReadonlySet<string> = new Set();
  const warn = (warnings: readonly string[]) => {
    for (const warning of warnings) if (!lastWarnings.has(warning)) log.warning(warning);
    lastWarnings = new Set(warnings);
  };
  let wrong: ReadonlySet<string> = new Set();
  const load = async (isEdit = false): Promise<Loaded> => {
    const loaded = await loadAll(settings, deps, warn);
    // Every save of a file, and of its neighbours, loads all of them: what is known to be wrong is repeated by passes only.
    for (const error of loaded.errors) if (!isEdit || !wrong.has(error)) log.error(error);
    wrong = new Set(loaded.errors);
    const dests = loaded.resources.map((resource) => resource.dest);
    if (isFirst && !settings.noop) {
      for (const path of await removeStale(dests, clock.now()))
        log.info(`Removed ${path}, left behind by a run that was killed`);
    }
    isFirst = false;
    return loaded;
  };
  const onPass = passReader(settings.onPass, log);
  const rendererDeps = { ...deps, templates, createFuncDeps, limits, semaphore, ledger, onPass };
  const borrowed = borrow(backend);
  return new Agent({
    open: ({ store, label }) => {
      if (store !== null) return openStore(store, label);
      settings.onGlobalUse?.();
      return Promise.resolve(borrowed);
    },
    clock,
    log,
    load,
    createRenderer: (resource, sources) => new ResourceRenderer(resource, sources, rendererDeps),
    ledger,
  });
}

/** Whatever the reader does, the pass has ended, and the next one comes. */
function passReader(read: AgentSettings['onPass'], log: Logger): PassReader {
  if (read === undefined) return () => undefined;
  return (record) => {
    new Promise((resolve) => {
      resolve(read(record));
    }).catch((error: unknown) => {
      log.error(`onPass failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
}

function openNone(): Promise<never> {
  return Promise.reject(new BackendError('settings', 'this agent has the global store only'));
}

/** The backend, for somebody who closes what he is done with. */
function borrow(backend: Backend): Backend {
  const { name, canWatch, mints = false, selects } = backend;
  return {
    name,
    canWatch,
    mints,
    selects,
    open: (keys, signal, after) => backend.open(keys, signal, after),
    close: () => Promise.resolve(),
  };
}

const templatesDir = ({ confdir }: AgentSettings) => `${confdir}/templates`;

/** Everything in conf.d that can run, and what is wrong with the rest. */
async function loadAll(
  settings: AgentSettings,
  { clock, log }: AssembleDeps,
  warn: (warnings: readonly string[]) => void,
): Promise<Loaded> {
  log.debug(`Loading template resources from confdir ${settings.confdir}`);
  const { confdir, resourceFile, sources, lenient } = settings;
  const { specs, errors, warnings, found } = await loadResources(confdir, resourceFile, sources, lenient);
  const wrong = errors.map((error) => error.message);
  const resources: Resource[] = [];
  for (const spec of specs) {
    log.debug(`Loading template resource from ${spec.file}`);
    try {
      resources.push(await resolveResource(spec, { ...settings, templatesDir: templatesDir(settings), clock }));
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      wrong.push(error.message);
    }
  }
  warn([...warnings.map(({ message }) => message), ...resources.flatMap((resource) => resource.warnings)]);
  return { resources, errors: wrong, isEmpty: found.length === 0 };
}
