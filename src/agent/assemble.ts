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

/** The settings of an agent. */
export interface AgentSettings {
  /** Holds conf.d and templates. */
  readonly confdir: string;
  /** A resource file outside conf.d that is processed with it, or null. */
  readonly resourceFile: string | null;
  /** Replaces the prefixes of the resources, unless it is empty. */
  readonly prefix: string;
  readonly noop: boolean;
  readonly syncOnly: boolean;
  readonly keepStageFile: boolean;
  /** Makes a probable misspelling of a key in a resource a warning; an error by default. */
  readonly lenient?: boolean;
  /** The environment that getenv reads. */
  readonly env: ReadonlyMap<string, string>;
  /** The limits of one render. */
  readonly limits?: RenderLimits;
  /** The stores that resources may name, and the settings of the global one; none by default. */
  readonly sources?: Sources;
  /** Called when the global store is opened first; never if all resources use other stores. */
  readonly onGlobalUse?: () => void;
  /** Opens a store other than the global one; the agent closes it. Throws BackendError. */
  readonly openStore?: (store: StoreSettings, label: string) => Promise<Backend>;
  /** The pending reloads; in memory by default. */
  readonly ledger?: ReloadLedger;
  /** Decrypts the values for cget, cgets, cgetv and cgetvs; without it templates do not have these functions. */
  readonly keyring?: Keyring | null;
  /** Called with the record of every pass, after the pass has been logged. What it throws is logged and ignored. */
  readonly onPass?: (record: PassRecord) => unknown;
}

/** What an agent gets from its process. */
export interface AssembleDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the agent is to stop: a pass ends after its current step, but never between swap and reload. */
  readonly signal: AbortSignal;
  /** For a process that must end in time; without it, running commands are waited for. */
  readonly ending?: Ending;
  /** Runs commands without a time limit on the terminal of the process, so that sudo and ssh can ask for a password. */
  readonly onTerminal?: boolean;
}

/** Passes that may hold a rendering in memory at the same time; passes that wait for a command do not count. */
const maxConcurrentPasses = 8;

/** Creates an agent on an open store, which the caller closes. Run the agent with one of the processors. */
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
    // Each save of a file loads conf.d again: errors that are known are logged again by passes only.
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

/** A reader that throws must not stop the agent. */
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

/** The backend without its close: the owner closes it. */
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

/** All resources of conf.d that can run, and the errors of the others. */
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
