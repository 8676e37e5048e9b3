import { type Backend, BackendError } from '../backend/backend.ts';
import { loadResources } from '../config/resources.ts';
import type { Sources } from '../config/sources.ts';
import type { StoreSettings } from '../config/store.ts';
import type { Clock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { Templates } from '../template/compile.ts';
import { enginesFor } from '../template/engines.ts';
import { declare, worldOf } from '../template/funcs.ts';
import { Includes } from '../template/include.ts';
import type { Keyring } from '../template/keyring.ts';
import { Agent, type Loaded } from './agent.ts';
import { AgentError } from './error.ts';
import type { Ending } from './command.ts';
import { ResourceFollower } from './follower.ts';
import { type Limits, usualLimits } from './render.ts';
import { type Resource, resolveResource } from './resource.ts';
import { MemoryLedger, type ReloadLedger } from './reload-ledger.ts';
import { Slots } from './slots.ts';
import { removeStale } from './stale.ts';

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
  readonly limits?: Limits;
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
}

/** Where an agent lives. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the agent shall stop: passes end after the room in hand, but never between swap and reload. */
  readonly signal: AbortSignal;
  /** For a process that must end in time; left out, a command in hand is waited for. */
  readonly ending?: Ending;
  /** Commands without a time limit share the terminal of the process, so that sudo and ssh can ask. */
  readonly onTerminal?: boolean;
}

/** Passes that hold a rendering in memory at one time; those that wait for a command do not count. */
const passesAtOnce = 8;

/** Puts an agent together on an open store, which stays its owner's to close; run it with one of the processors. */
export function assembleAgent(backend: Backend, settings: AgentSettings, surroundings: Surroundings): Agent {
  const { clock, log } = surroundings;
  const { limits = usualLimits, keyring = null, openStore = openNone, ledger = new MemoryLedger() } = settings;
  const templates = new Templates(enginesFor(templatesDir(settings)), declare(keyring));
  const slots = new Slots(passesAtOnce);
  const world = () => worldOf(settings.env, clock, new Includes(templates, templatesDir(settings)), keyring);
  let isFirst = true;
  let told: ReadonlySet<string> = new Set();
  const warn = (warnings: readonly string[]) => {
    for (const warning of warnings) if (!told.has(warning)) log.warning(warning);
    told = new Set(warnings);
  };
  let wrong: ReadonlySet<string> = new Set();
  const load = async (isEdit = false): Promise<Loaded> => {
    const loaded = await loadAll(settings, surroundings, warn);
    // Every save of a file, and of its neighbours, loads all of them: what is known to be wrong is repeated by passes only.
    for (const error of loaded.errors) if (!isEdit || !wrong.has(error)) log.error(error);
    wrong = new Set(loaded.errors);
    const dests = loaded.resources.map((resource) => resource.dest);
    if (isFirst && !settings.noop) {
      for (const path of await removeStale(dests, clock.now())) log.info(`Removed ${path}, left by a run that died`);
    }
    isFirst = false;
    return loaded;
  };
  const parts = { ...surroundings, templates, world, limits, slots, ledger };
  const lent = lend(backend);
  return new Agent({
    open: ({ store, label }) => {
      if (store !== null) return openStore(store, label);
      settings.onGlobalUse?.();
      return Promise.resolve(lent);
    },
    clock,
    log,
    load,
    follow: (resource, sources) => new ResourceFollower(resource, sources, parts),
    ledger,
  });
}

function openNone(): Promise<never> {
  return Promise.reject(new BackendError('settings', 'this agent has the global store only'));
}

/** The backend, for somebody who closes what he is done with. */
function lend(backend: Backend): Backend {
  const { name, canWatch, selects } = backend;
  return {
    name,
    canWatch,
    selects,
    read: (keys, signal) => backend.read(keys, signal),
    watch: (keys, cursor, signal) => backend.watch(keys, cursor, signal),
    close: () => Promise.resolve(),
  };
}

const templatesDir = ({ confdir }: AgentSettings) => `${confdir}/templates`;

/** Everything in conf.d that can run, and what is wrong with the rest. */
async function loadAll(
  settings: AgentSettings,
  { clock, log }: Surroundings,
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
  warn([...warnings, ...resources.flatMap((resource) => resource.warnings)]);
  return { resources, errors: wrong, isEmpty: found.length === 0 };
}
