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

/** Said by a command line only. (Images of containers often have a CONFD_VERSION of their own.) */
const actionOnly = { toml: null, env: [] } as const;

/** What a start goes by before it has the other settings. */
export const startSettings = inTopic('places', {
  configFile: textSetting('config-file', 'file with the global settings', {
    default: '/etc/confd/confd.toml',
    toml: null,
  }),
  printConfig: boolSetting('print-config', 'print every setting and who set it, and exit', actionOnly),
  version: boolSetting('version', 'print the version and exit', actionOnly),
});

/** The settings of the agent, whatever its store, by what code calls their values. */
export const agentSettings = Object.freeze({
  ...inTopic('run', {
    onetime: boolSetting('onetime', 'make one pass and exit'),
    watch: boolSetting('watch', 'render when keys change'),
    intervalSeconds: countSetting('interval', 'seconds from one pass to the next', { default: 600, unit: 'seconds' }),
    debounceMs: durationSetting('debounce', 'how long -watch gathers a burst of changes before it renders', {
      default: 5,
      mayBeZero: true,
    }),
    splayMs: durationSetting(
      'splay',
      'react to a change after a random time up to this, and lengthen the interval by as much',
      { default: 0, mayBeZero: true },
    ),
    noop: boolSetting('noop', 'compare only, change nothing'),
    syncOnly: boolSetting('sync-only', 'change files without check_cmd and reload_cmd', { toml: 'sync-only' }),
    keepStageFile: boolSetting('keep-stage-file', 'leave stage files where they are', { toml: 'keepstagefile' }),
    /** For a command that runs when the signal to end comes. */
    stopTimeoutMs: durationSetting('stop-timeout', 'how long a stop waits for a command that runs', {
      default: 60_000,
      mayBeZero: true,
    }),
  }),
  ...inTopic('limits', {
    renderTimeoutMs: durationSetting('render-timeout', 'how long one template may run', { default: 60_000 }),
    maxOutputMebibytes: countSetting('max-output', 'most mebibytes that one template may write', {
      default: 1024,
      unit: 'mebibytes',
    }),
  }),
  ...inTopic('places', {
    confdir: textSetting('confdir', 'directory that holds conf.d and templates', { default: '/etc/confd' }),
    lenient: boolSetting('lenient', 'leave a misspelt key of a resource at a warning'),
    prefix: textSetting('prefix', 'prefix of all keys, instead of the one of each resource'),
    /** As typed; '' means info. */
    logLevel: textSetting('log-level', 'least level that is logged: debug, info, warn, error, fatal or panic', {
      toml: 'log-level',
      choices: ['debug', 'info', 'warn', 'error', 'fatal', 'panic'],
    }),
    /** '' keeps pending reloads in memory. */
    stateDir: textSetting(
      'state-dir',
      'directory that remembers pending reloads from run to run; "" keeps them in memory',
      {
        default: '/var/lib/confd',
      },
    ),
  }),
  ...inTopic('secrets', {
    /** '' means that there are no encrypted values. */
    secretKeyring: textSetting(
      'secret-keyring',
      'file with the armored PGP private keys that cget and its like decrypt with',
    ),
  }),
});

/** Every setting of confd that today's releases know, in alphabetical order. */
export const settings: readonly Setting[] = Object.freeze(
  [agentSettings, startSettings, storeSettings]
    .flatMap((part) => Object.values<Setting>(part))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
);

/** What older releases knew: accepted, left out of the usage text, and translated by `modernise`. */
export const oldSettings: readonly Setting[] = Object.freeze([
  boolSetting('debug', '', { env: [] }),
  boolSetting('verbose', '', { env: [] }),
  boolSetting('quiet', '', { env: [] }),
  textSetting('etcd-scheme', '', { env: [] }),
  listSetting('etcd-nodes', '', { env: [] }),
  boolSetting('consul', '', { env: [] }),
  textSetting('consul-addr', '', { env: [] }),
]);
