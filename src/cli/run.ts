import { type AgentSettings, assembleAgent } from '../agent/assemble.ts';
import type { Agent } from '../agent/agent.ts';
import { interval, onetime, watch } from '../agent/processors.ts';
import { BackendError } from '../backend/backend.ts';
import type { Config, LoadedConfig } from '../config/confd.ts';
import { ConfigError } from '../config/error.ts';
import { systemClock } from '../obs/clock.ts';
import type { Logger } from '../obs/log.ts';
import { openStore, type Store } from './store.ts';

/** What a run has from the process around it. */
export interface World {
  readonly env: ReadonlyMap<string, string>;
  readonly log: Logger;
  /** Reads the settings again. Throws ConfigError. */
  readonly reload: () => Promise<LoadedConfig>;
}

/** Opens the store and runs the agent as the settings say; the exit code. */
export async function run(loaded: LoadedConfig, world: World): Promise<number> {
  const { config, warnings, notes } = loaded;
  const { log } = world;
  for (const warning of warnings) log.warning(warning);
  for (const note of notes) log.info(note);
  log.info(`Backend set to ${config.backend}`);
  let store: Store;
  try {
    store = await openStore(config, world.env, log);
  } catch (error) {
    return die(error, log);
  }
  log.info('Starting confd');
  log.info(`Backend source(s) set to ${store.sources.join(', ')}`);
  return config.onetime ? runOnce(loaded, store, world) : new Daemon(loaded, store, world).run();
}

function die(error: unknown, log: Logger): number {
  if (!(error instanceof BackendError)) throw error;
  log.fatal(error.message);
  return 1;
}

async function runOnce(loaded: LoadedConfig, { backend }: Store, { env, log }: World): Promise<number> {
  const stop = new AbortController();
  const interrupted: { exitCode: number | null } = { exitCode: null };
  onSignals(log, (code) => {
    interrupted.exitCode = code;
    stop.abort(new Error('stopped'));
  });
  const { signal } = stop;
  try {
    const agent = assembleAgent(backend, agentSettings(loaded, env), { clock: systemClock, log, signal });
    const failures = await onetime(agent, signal);
    // Whoever retries until it works must not take an interruption for success.
    if (interrupted.exitCode !== null) return interrupted.exitCode;
    if (failures.length > 0) log.fatal(failures.at(-1)!);
    return failures.length > 0 ? 1 : 0;
  } catch (error) {
    return interrupted.exitCode ?? die(error, log);
  } finally {
    await backend.close();
  }
}

/** The agent that stays: it ends with a signal, and begins anew when a hangup brings other settings. */
class Daemon {
  private stop = new AbortController();
  private agent: Agent | null = null;
  private next: { readonly loaded: LoadedConfig; readonly store: Store } | null = null;
  private debts: ReadonlySet<string> = new Set();

  constructor(
    private loaded: LoadedConfig,
    private store: Store,
    private readonly world: World,
  ) {}

  async run(): Promise<number> {
    const { log } = this.world;
    onSignals(log, () => {
      this.next = null;
      this.stop.abort(new Error('stopped'));
    });
    process.on('SIGHUP', () => void this.hangup());
    for (;;) {
      this.debts = await this.serve();
      if (this.next === null) break;
      if (this.next.store !== this.store) await this.store.backend.close();
      ({ loaded: this.loaded, store: this.store } = this.next);
      this.next = null;
      this.stop = new AbortController();
    }
    if (this.debts.size > 0) log.warning(`Exiting while a reload is still owed for ${[...this.debts].join(', ')}`);
    await this.store.backend.close();
    return 0;
  }

  private async serve(): Promise<ReadonlySet<string>> {
    const { env, log } = this.world;
    const { config } = this.loaded;
    const { backend } = this.store;
    const { signal } = this.stop;
    const settings = agentSettings(this.loaded, env);
    const agent = (this.agent = assembleAgent(backend, settings, { clock: systemClock, log, signal }, this.debts));
    const pace = { clock: systemClock, intervalMs: config.intervalSeconds * 1000, debounceMs: config.debounceMs };
    if (config.watch && !backend.canWatch) {
      log.warning(`Watch is not supported for backend ${backend.name}: polling every ${config.intervalSeconds} s`);
    }
    const { watchEdits } = await import('../agent/edits.ts');
    const edits = watchEdits(config.confdir, agent.bell);
    try {
      return await (config.watch && backend.canWatch ? watch : interval)(agent, pace, signal);
    } finally {
      await (
        await edits
      )();
    }
  }

  /** Reads everything again; with settings that do not work it goes on with those that it has. */
  private async hangup(): Promise<void> {
    const { env, log, reload } = this.world;
    log.info('Captured hangup. Reading the configuration again');
    try {
      const loaded = await reload();
      for (const warning of loaded.warnings) log.warning(warning);
      const same = JSON.stringify(loaded.config) === JSON.stringify(this.loaded.config);
      if (same || this.stop.signal.aborted) {
        this.agent?.bell.ring('hangup');
        return;
      }
      const store = sameStore(loaded.config, this.loaded.config)
        ? this.store
        : await openStore(loaded.config, env, log);
      this.next = { loaded, store };
      this.stop.abort(new Error('new settings'));
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof BackendError)) throw error;
      log.error(`${error.message}; going on with the settings of before`);
    }
  }
}

const storeSettings = [
  ...(['backend', 'nodes', 'scheme', 'files', 'filter', 'srvDomain', 'srvRecord', 'backendTimeoutMs'] as const),
  ...(['clientCaKeys', 'clientCert', 'clientKey', 'clientInsecure', 'basicAuth', 'username', 'password'] as const),
];

/** The embedded store keeps its data for as long as the process lives, whatever the settings say meanwhile. */
function sameStore(a: Config, b: Config): boolean {
  if (a.backend === 'embedded' && b.backend === 'embedded') return true;
  return storeSettings.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}

function agentSettings({ config, resourceFile }: LoadedConfig, env: ReadonlyMap<string, string>): AgentSettings {
  const { confdir, prefix, noop, syncOnly, keepStageFile } = config;
  return { confdir, resourceFile, prefix, noop, syncOnly, keepStageFile, env };
}

/** Calls back with the shell's exit code for the signal; a second signal changes nothing. */
function onSignals(log: Logger, stop: (exitCode: number) => void): void {
  const listen = (signal: 'SIGINT' | 'SIGTERM', word: string, exitCode: number) => {
    process.on(signal, () => {
      log.info(`Captured ${word}. Exiting...`);
      stop(exitCode);
    });
  };
  listen('SIGINT', 'interrupt', 130);
  listen('SIGTERM', 'terminated', 143);
}
