import { storeSettings } from '../backend/entries.ts';
import {
  boolSetting,
  countSetting,
  durationSetting,
  inTopic,
  listSetting,
  type Setting,
  textSetting,
} from './schema/schema.ts';

/** For the command line only. (Images of containers often have a CONFD_VERSION of their own.) */
const actionOnly = { toml: null, env: [] } as const;

/** The settings that are needed before the others are read. */
export const startSettings = inTopic('places', {
  configFile: textSetting('config-file', 'file with the global settings', {
    default: '/etc/confd/confd.toml',
    toml: null,
  }),
  printConfig: boolSetting('print-config', 'print every setting and where it was set, and exit', actionOnly),
  version: boolSetting('version', 'print the version and exit', actionOnly),
});

/** The settings of the agent, for all stores, by the names of their values in the code. */
export const agentSettings = Object.freeze({
  ...inTopic('run', {
    onetime: boolSetting('onetime', 'process every resource once and exit'),
    watch: boolSetting('watch', 'process a resource as soon as its keys change'),
    intervalSeconds: countSetting('interval', 'seconds between two passes', { default: 600, unit: 'seconds' }),
    debounceMs: durationSetting('debounce', 'how long -watch waits for more changes before it renders', {
      default: 5,
      mayBeZero: true,
    }),
    splayMs: durationSetting(
      'splay',
      'maximum random delay of each pass after a change or an interval, so that many machines spread their load',
      { default: 0, mayBeZero: true },
    ),
    noop: boolSetting('noop', 'show pending changes, but change nothing'),
    syncOnly: boolSetting('sync-only', 'write files, but do not run check_cmd and reload_cmd', { toml: 'sync-only' }),
    keepStageFile: boolSetting('keep-stage-file', 'do not delete stage files', { toml: 'keepstagefile' }),
    /** For a command that runs when the signal to end arrives. */
    stopTimeoutMs: durationSetting('stop-timeout', 'how long confd waits for a running command when it stops', {
      default: 60_000,
      mayBeZero: true,
    }),
  }),
  ...inTopic('limits', {
    renderTimeoutMs: durationSetting('render-timeout', 'maximum time that one template may run', { default: 60_000 }),
    maxOutputMebibytes: countSetting('max-output', 'maximum size of the output of one template, in MiB', {
      default: 1024,
      unit: 'mebibytes',
    }),
  }),
  ...inTopic('places', {
    confdir: textSetting('confdir', 'directory that holds conf.d and templates', { default: '/etc/confd' }),
    lenient: boolSetting('lenient', 'log a misspelt key of a resource as a warning, not as an error'),
    prefix: textSetting('prefix', 'prefix of all keys; replaces the prefix of each resource'),
    /** As typed; '' means info. */
    logLevel: textSetting('log-level', 'lowest level that is logged: debug, info, warn, error, fatal or panic', {
      toml: 'log-level',
      choices: ['debug', 'info', 'warn', 'error', 'fatal', 'panic'],
    }),
    /** '' keeps pending reloads in memory. */
    stateDir: textSetting(
      'state-dir',
      'directory that keeps pending reloads for the next run; "" keeps them in memory only',
      {
        default: '/var/lib/confd',
      },
    ),
  }),
  ...inTopic('secrets', {
    /** '' means that there are no encrypted values. */
    secretKeyring: textSetting(
      'secret-keyring',
      'file with the armored PGP private keys for cget, cgets, cgetv and cgetvs',
    ),
  }),
});

/** Every current setting of confd, in alphabetical order. */
export const settings: readonly Setting[] = Object.freeze(
  [agentSettings, startSettings, storeSettings]
    .flatMap((part) => Object.values<Setting>(part))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
);

/** Settings of older releases: accepted, not in the usage text, and translated by `modernise`. */
export const oldSettings: readonly Setting[] = Object.freeze([
  boolSetting('debug', '', { env: [] }),
  boolSetting('verbose', '', { env: [] }),
  boolSetting('quiet', '', { env: [] }),
  textSetting('etcd-scheme', '', { env: [] }),
  listSetting('etcd-nodes', '', { env: [] }),
  boolSetting('consul', '', { env: [] }),
  textSetting('consul-addr', '', { env: [] }),
]);
