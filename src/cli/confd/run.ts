import { closeSync, openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type AgentSettings, assembleAgent } from '../../agent/assemble.ts';
import type { Agent } from '../../agent/schedule/agent.ts';
import { FileLedger } from '../../agent/pipeline/file-ledger.ts';
import { interval, onetime, watch } from '../../agent/schedule/processors.ts';
import { MemoryLedger, type ReloadLedger } from '../../agent/pipeline/reload-ledger.ts';
import { type Backend, BackendError } from '../../backend/contract/backend.ts';
import { openStore, type Store } from '../../backend/open.ts';
import type { Config, LoadedConfig } from '../../config/confd.ts';
import { ConfigError } from '../../config/error.ts';
import type { StoreSettings } from '../../config/store.ts';
import { redact } from '../../go/redact.ts';
import { systemClock } from '../../obs/clock.ts';
import { labelled, type Logger } from '../../obs/log.ts';
import { TemplateError } from '../../template/engine/engine.ts';
import { Keyring } from '../../template/funcs/keyring.ts';
import { isEmbedded, openGlobalStore } from './store.ts';

/** What a run gets from its process. */
export interface RunDeps {
  readonly env: ReadonlyMap<string, string>;
  readonly log: Logger;
  /** Reads the settings again. Throws ConfigError. */
  readonly reload: () => Promise<LoadedConfig>;
}

/** The same, with the pending reloads of earlier runs. */
interface Running extends RunDeps {
  /** The same for the whole life of the process, also after a SIGHUP. */
  readonly ledger: ReloadLedger;
}

/** Opens the store and runs the agent; returns the exit code. */
export async function run(loaded: LoadedConfig, deps: RunDeps): Promise<number> {
  const { config, warnings, notes } = loaded;
  const { log } = deps;
  for (const { message } of warnings) log.warning(message);
  for (const note of notes) log.info(note);
  let keyring: Keyring | null;
  let store: Store;
  try {
    keyring = await openKeyring(config);
    log.info(`Backend set to ${redact(config.backend)}`);
    store = await openGlobalStore(config, deps);
  } catch (error) {
    return die(error, log);
  }
  log.info('Starting confd');
  const ledger = config.stateDir === '' ? new MemoryLedger() : new FileLedger(config.stateDir, log, systemClock);
  const running = { ...deps, ledger };
  return config.onetime
    ? runOnce({ loaded, keyring, store }, running)
    : new Daemon({ loaded, keyring, store }, running).run();
}

function die(error: unknown, log: Logger): number {
  if (!(error instanceof BackendError || error instanceof TemplateError)) throw error;
  log.fatal(error.message);
  return 1;
}

async function openKeyring({ secretKeyring }: Config): Promise<Keyring | null> {
  return secretKeyring === '' ? null : Keyring.open(secretKeyring);
}

async function runOnce({ loaded, keyring, store }: DaemonDeps, deps: Running): Promise<number> {
  const { log } = deps;
  const { backend } = store;
  const stop = new AbortController();
  const interrupted: { exitCode: number | null } = { exitCode: null };
  onSignals(log, (code) => {
    interrupted.exitCode = code;
    stop.abort(new Error('stopped'));
  });
  const { signal } = stop;
  try {
    const ending = { signal, graceMs: loaded.config.stopTimeoutMs };
    const agentDeps = { clock: systemClock, log, signal, ending, onTerminal: hasTerminal() };
    const agent = assembleAgent(backend, agentSettings({ loaded, keyring, store }, deps), agentDeps);
    const failures = await onetime(agent, signal);
    // A script that repeats until success must not take an interruption for success.
    if (interrupted.exitCode !== null) return interrupted.exitCode;
    // Each failure has been logged already.
    if (failures.length > 0)
      log.fatal(`Exiting: ${failures.length === 1 ? 'a failure' : `${failures.length} failures`}, logged above`);
    return failures.length > 0 ? 1 : 0;
  } catch (error) {
    return interrupted.exitCode ?? die(error, log);
  } finally {
    await backend.close();
  }
}

/** Whether the process has a terminal. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** The settings of a daemon, until a SIGHUP. */
interface DaemonDeps {
  readonly loaded: LoadedConfig;
  readonly keyring: Keyring | null;
  readonly store: Store;
}

/** Runs the agent until a signal; starts a new agent when a SIGHUP brings other settings. */
class Daemon {
  private stop = new AbortController();
  private agent: Agent | null = null;
  private next: DaemonDeps | null = null;
  /** Aborted by the signal to end; `stop` is also aborted by a SIGHUP. */
  private readonly end = new AbortController();

  constructor(
    private current: DaemonDeps,
    private readonly deps: Running,
  ) {}

  async run(): Promise<number> {
    const { log, ledger } = this.deps;
    // A render leaves megabytes of garbage: collecting it more often costs little and saves a fifth of RSS.
    setFlagsFromString('--semi-space-growth-factor=1');
    onSignals(log, () => {
      this.next = null;
      this.end.abort(new Error('stopped'));
      this.stop.abort(new Error('stopped'));
    });
    process.on('SIGHUP', () => void this.hangup());
    let pending: ReadonlySet<string>;
    for (;;) {
      pending = await this.serve();
      if (this.next === null) break;
      const { store } = this.current;
      this.current = this.next;
      if (this.current.store !== store) await store.backend.close();
      this.next = null;
      this.stop = new AbortController();
    }
    if (pending.size > 0) {
      const next = ledger.isDurable ? '; the next run of confd will run it' : '';
      log.warning(`Exiting while a reload is still pending for ${[...pending].join(', ')}${next}`);
    }
    await this.current.store.backend.close();
    return 0;
  }

  private async serve(): Promise<ReadonlySet<string>> {
    const { log } = this.deps;
    const { loaded, store } = this.current;
    const { config } = loaded;
    const { backend } = store;
    const { signal } = this.stop;
    const settings = agentSettings(this.current, this.deps);
    const ending = { signal: this.end.signal, graceMs: config.stopTimeoutMs };
    const agent = (this.agent = assembleAgent(backend, settings, { clock: systemClock, log, signal, ending }));
    const { intervalSeconds, debounceMs, splayMs } = config;
    const pace = { clock: systemClock, intervalMs: intervalSeconds * 1000, debounceMs, splayMs };
    const { watchDests, watchEdits } = await import('../../agent/schedule/edits.ts');
    const around = { clock: systemClock, log };
    const watches = [watchEdits(agent, settings, around)];
    if (config.watch) watches.push(watchDests(agent, around));
    try {
      return await (config.watch ? watch : interval)(agent, pace, signal);
    } finally {
      await Promise.all(watches.map((each) => each.close()));
    }
  }

  /** Reads everything again; keeps the old settings when the new ones do not work. */
  private async hangup(): Promise<void> {
    const { env, log, reload } = this.deps;
    log.info('Captured hangup. Reading the configuration again');
    try {
      const loaded = await reload();
      for (const { message } of loaded.warnings) log.warning(message);
      const before = this.current.loaded;
      const same = textOf(loaded) === textOf(before);
      if (loaded.config.stateDir !== before.config.stateDir)
        log.warning('the new state-dir is used from the next start on');
      const keyring = await openKeyring(loaded.config);
      if ((same && keyring === null) || this.stop.signal.aborted) {
        this.agent?.wakeSignal.notify('hangup');
        return;
      }
      const store = sameStore(loaded.sources.global, before.sources.global)
        ? this.current.store
        : await openGlobalStore(loaded.config, { env, log });
      this.next = { loaded, keyring, store };
      this.stop.abort(new Error('new settings'));
    } catch (error) {
      if (![ConfigError, BackendError, TemplateError].some((kind) => error instanceof kind)) throw error;
      log.error(`${(error as Error).message}; the old settings stay in use`);
    }
  }
}

/** The embedded store keeps its data while the process runs, whatever the settings are. */
function sameStore(a: StoreSettings, b: StoreSettings): boolean {
  return (isEmbedded(a) && isEmbedded(b)) || JSON.stringify(a) === JSON.stringify(b);
}

/** A text that differs when the settings differ. */
function textOf({ config, sources }: LoadedConfig): string {
  return JSON.stringify([config, [...sources.named].map(([name, { spec }]) => [name, spec])]);
}

function agentSettings({ loaded, keyring, store }: DaemonDeps, deps: Running): AgentSettings {
  const { env, log, ledger } = deps;
  const { config, sources, resourceFile } = loaded;
  const { confdir, prefix, noop, syncOnly, keepStageFile, lenient } = config;
  const limits = { outputBytes: config.maxOutputMebibytes * 1024 * 1024, runMs: config.renderTimeoutMs };
  const open = async (store: StoreSettings, label: string): Promise<Backend> => {
    const own = labelled(log, label);
    const { backend, places } = await openStore({ ...store, env, log: own });
    own.info(`Backend set to ${redact(store.backend)}`);
    own.info(sourcesLine(places));
    return backend;
  };
  const onGlobalUse = () => {
    log.info(sourcesLine(store.places));
  };
  const given = { confdir, resourceFile, prefix, noop, syncOnly, keepStageFile, lenient, env, limits, keyring, ledger };
  return { ...given, sources, openStore: open, onGlobalUse };
}

function sourcesLine(places: readonly string[]): string {
  return `Backend source(s) set to ${places.join(', ')}`;
}

/** Calls stop with the shell's exit code for the signal; a second signal has no effect. */
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
