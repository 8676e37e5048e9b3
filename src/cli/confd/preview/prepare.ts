import { renderOnce, type RenderedOnce, type RenderOnceDeps, type StoreFailure } from '../../../agent/render-once.ts';
import type { Rendering } from '../../../agent/render/render.ts';
import { failureOf } from '../../../agent/pipeline/outcome.ts';
import { AgentError } from '../../../agent/resource/error.ts';
import type { ResourceTemplate } from '../../../agent/resource/resource.ts';
import { entryOf, holdsSecrets, type StoreSettings } from '../../../backend/entries.ts';
import { openStore } from '../../../backend/open.ts';
import { type Config, loadConfig, type LoadedConfig } from '../../../config/confd.ts';
import { ConfigError } from '../../../config/error.ts';
import { readResources, type ResourceSpec } from '../../../config/resources.ts';
import { selectResources } from '../../../config/select-resources.ts';
import type { FlagValue } from '../../../go/flag.ts';
import { systemClock } from '../../../obs/clock.ts';
import { TemplateError } from '../../../template/engine/engine.ts';
import { Keyring } from '../../../template/funcs/keyring.ts';
import { CommandLog } from './command-log.ts';

/** The part of a command line that selects what to render. */
export interface RenderRequest {
  /** confd's flags, and -data. */
  readonly flags: ReadonlyMap<string, FlagValue>;
  /** The resources; all if empty. */
  readonly operands: readonly string[];
  readonly env: ReadonlyMap<string, string>;
}

/** What a command needs to render. */
export interface Prepared {
  readonly loaded: LoadedConfig;
  readonly specs: readonly ResourceSpec[];
  readonly deps: RenderOnceDeps;
  readonly log: CommandLog;
  /** The values that were read from stores of secrets; not before resources are rendered. */
  readonly secretValues: readonly string[];
}

/** Reads the settings and the selected resources; null after an error, which has been logged. */
export async function prepare({ flags, operands, env }: RenderRequest): Promise<Prepared | null> {
  // The level in confd.toml is for the agent's log.
  const log = CommandLog.at((flags.get('log-level') as string | undefined) ?? 'warning');
  if (log === null) {
    new CommandLog().error('-log-level is not a valid level: debug, info, warn, error, fatal or panic');
    return null;
  }
  try {
    const loaded = await loadConfig(flags, env);
    const { config } = loaded;
    for (const { message } of loaded.warnings) log.warning(message);
    for (const note of loaded.notes) log.info(note);
    const specs = await readSpecs(loaded, operands, log);
    const { secretKeyring, maxOutputMebibytes, renderTimeoutMs } = config;
    const data = flags.get('data') as readonly string[] | undefined;
    const secretValues: string[] = [];
    const deps: RenderOnceDeps = {
      onRead: ({ store }, pairs) => {
        if (holdsSecrets(store ?? config)) for (const value of pairs.values()) secretValues.push(value);
      },
      open: async ({ store }) => {
        const settings = data === undefined ? storeOf(store, config) : fileStore(data, config);
        return (await openStore({ ...settings, env, log })).backend;
      },
      templatesDir: `${config.confdir}/templates`,
      env,
      limits: { outputBytes: maxOutputMebibytes * 1024 * 1024, runMs: renderTimeoutMs },
      keyring: secretKeyring === '' ? null : await Keyring.open(secretKeyring),
      clock: systemClock,
      log,
    };
    return { loaded, specs, deps, log, secretValues };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TemplateError)) throw error;
    log.error(error.message);
    return null;
  }
}

async function readSpecs(
  { config, sources, resourceFile }: LoadedConfig,
  words: readonly string[],
  log: CommandLog,
): Promise<readonly ResourceSpec[]> {
  const found = await selectResources(config.confdir, resourceFile, words);
  const { specs, errors, warnings } = await readResources(found.files, sources, config.lenient);
  for (const { message } of [...found.warnings, ...warnings]) log.warning(message);
  for (const error of [...found.errors, ...errors]) log.error(error.message);
  if (found.files.length === 0 && !log.failed) log.error(`there are no template resources in ${config.confdir}/conf.d`);
  return specs;
}

/** The store of a source; a store that the agent itself serves is read as a client would. */
function storeOf(store: StoreSettings | null, config: Config): StoreSettings {
  const entry = entryOf(config.backend);
  return store ?? (entry?.kind === 'hosted' ? { ...config, ...entry.asClient(config) } : config);
}

/** -data replaces every store. */
function fileStore(files: readonly string[], config: Config): StoreSettings {
  return { ...config, backend: 'file', files, filter: '*' };
}

/** Resolves the specs; the log names those that cannot be resolved. */
export async function resolveAll<R extends ResourceTemplate>(
  { specs, log }: Pick<Prepared, 'specs' | 'log'>,
  resolve: (spec: ResourceSpec) => R | Promise<R>,
): Promise<R[]> {
  const resources: R[] = [];
  for (const spec of specs) {
    try {
      resources.push(await resolve(spec));
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      log.error(error.message);
    }
  }
  return resources;
}

/** The renderings, one resource after the other; the log says why others could not be rendered. */
export async function* rendered<R extends ResourceTemplate>(
  resources: readonly R[],
  { deps, log }: Pick<Prepared, 'deps' | 'log'>,
): AsyncGenerator<{ readonly resource: R; readonly rendering: Rendering }> {
  const logged = new Set<StoreFailure>();
  for await (const once of renderOnce(resources, deps)) {
    const rendering = renderingOf(once, logged, log);
    if (rendering !== null) yield { resource: once.resource, rendering };
  }
}

function renderingOf<R extends ResourceTemplate>(
  once: RenderedOnce<R>,
  logged: Set<StoreFailure>,
  log: CommandLog,
): Rendering | null {
  if ('failure' in once) {
    const { failure } = once;
    if (!logged.has(failure)) log.error(`${failure.label === '' ? '' : `${failure.label}: `}${failure.error.message}`);
    logged.add(failure);
    return null;
  }
  const { result, resource } = once;
  if (result.status === 'rendered') return result.rendering;
  if (result.status === 'kept') log.error(result.reason.kept);
  else sayError(result.error, resource, log);
  return null;
}

/** Logs why a resource could not be rendered, as the agent does. */
export function sayError(error: unknown, resource: Pick<ResourceTemplate, 'file'>, log: CommandLog): void {
  const { message, hints } = failureOf(error, 'render', false, resource);
  log.error(message, hints);
}
