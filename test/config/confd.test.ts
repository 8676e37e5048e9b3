import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/confd.ts';
import { oldSettings, settings } from '../../src/config/flags.ts';
import { parseFlags } from '../../src/go/flag.ts';

const parseArgs = (args: readonly string[]) => parseFlags(args, [...settings, ...oldSettings]);

const dir = mkdtempSync(join(tmpdir(), 'confd-config-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});
let count = 0;

function writeFile(text: string): string {
  const path = join(dir, `${count++}.toml`);
  writeFileSync(path, text);
  return path;
}

async function load(args: readonly string[], env: Record<string, string> = {}, toml = '') {
  const file = ['-config-file', toml === '' ? '' : writeFile(toml)];
  const loaded = await loadConfig(parseArgs([...file, ...args]).set, new Map(Object.entries(env)));
  return { ...loaded, warnings: loaded.warnings.map(({ message }) => message) };
}

describe('command lines that cannot work', () => {
  test.each<[string[], RegExp]>([
    [['-interval', '0'], /^interval \(set by -interval\): must be a positive number of seconds, not 0$/],
    [['-interval=-5'], /positive number of seconds, not -5$/],
    [['-debounce=-1ms'], /^debounce \(set by -debounce\): -1ms is too short$/],
    [['-splay=-1s'], /^splay \(set by -splay\): -1s is too short$/],
    [['-backend-timeout=0'], /^backend-timeout .*: 0s is too short$/],
    [['-backend-timeout=10000h'], /^backend-timeout .*: 10000h0m0s is too long$/],
    [['-scheme=ftp'], /^scheme .*: must be http or https$/],
    [['-backend=embedded', '-node=h:1'], /^node \(set by -node\): cannot be used with the backend embedded/],
    [['-backend=embedded', '-srv-domain=x'], /^srv-domain .*: cannot be used with the backend embedded/],
    [['-backend=dynamodb'], /^no DynamoDB table configured$/],
  ])('%j', async (args, message) => {
    await expect(load(args)).rejects.toThrow(message);
  });
});

describe('variables that cannot work', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ CONFD_INTERVAL: 'soon' }, /^CONFD_INTERVAL: invalid value "soon": parse error; expected a whole number$/],
    [{ CONFD_WATCH: 'maybe' }, /^CONFD_WATCH: .* expected true or false$/],
    [{ CONFD_DEBOUNCE: '5' }, /^CONFD_DEBOUNCE: .* expected a duration such as 30s$/],
    [{ CONFD_INTERVAL: '0' }, /^interval \(set by CONFD_INTERVAL\)/],
  ])('%j', async (env, message) => {
    await expect(load([], env)).rejects.toThrow(message);
  });
});

describe('files that cannot work', () => {
  const forms: Record<string, string> = {
    boolean: 'write true or false, without quotes',
    integer: 'write a whole number, without quotes',
    map: 'write it as a table',
    slice: 'write a list of texts, as in ["one", "two"]',
    string: 'write it in quotes',
  };
  const types = (type: string, wanted: string, form = forms[wanted]!): string =>
    `incompatible types: TOML value has type ${type}; destination has type ${wanted} (${form})`;
  const duration = 'write a duration in quotes, as in "30s"';
  test.each<[string, number, string]>([
    ['interval = "10"', 1, `(last key "interval"): ${types('string', 'integer')}`],
    ['\ninterval = 10.0', 2, `(last key "interval"): ${types('float64', 'integer')}`],
    ['nodes = "x"', 1, `(last key "nodes"): ${types('string', 'slice')}`],
    ['nodes = ["x",\n1]', 1, `(last key "nodes"): ${types('int64', 'string')}`],
    ['watch = "true"', 1, `(last key "watch"): ${types('string', 'boolean')}`],
    ['WATCH = 1', 1, `(last key "WATCH"): ${types('int64', 'boolean')}`],
    ['prefix = ["/"]', 1, `(last key "prefix"): ${types('[]interface {}', 'string')}`],
    ['password = 12345', 1, `(last key "password"): ${types('int64', 'string')}`],
    ['[prefix]\nx=1', 1, `(last key "prefix"): ${types('map[string]interface {}', 'string')}`],
    ['debounce = 5', 1, `(last key "debounce"): ${types('int64', 'string', duration)}`],
    ['debounce = "5"', 1, `(last key "debounce"): time: missing unit in duration "5" (${duration})`],
    ['password = 123456789123456789123', 1, '(last key "password"): the number is out of range for int64'],
    ['confd = 1', 1, `(last key "confd"): ${types('int64', 'map')}`],
    ['[confd]\ndebug = "x"', 2, `(last key "confd.debug"): ${types('string', 'boolean')}`],
  ])('%j', async (toml, line, message) => {
    const error = (await load([], {}, toml).catch((e: unknown) => e)) as Error;
    expect(error.message.slice(error.message.indexOf(': ') + 2)).toBe(`toml: line ${line} ${message}`);
    expect(error.message.startsWith(`${dir}/`)).toBe(true);
    expect(error).toMatchObject({ name: 'ConfigError', line });
    expect(error.message).not.toContain('12345');
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['/nowhere/confd.toml', {}, /^open \/nowhere\/confd\.toml: no such file or directory \(named by -config-file\)$/],
    [dir, {}, /^read .*: is a directory$/],
    [import.meta.filename + '/x', {}, /^open .*: not a directory$/],
  ])('-config-file %s', async (path, env, message) => {
    const flags = parseArgs(['-config-file', path]).set;
    await expect(loadConfig(flags, new Map(Object.entries(env)))).rejects.toThrow(message);
  });

  test('CONFD_CONFIG_FILE that does not exist', async () => {
    const env = new Map([['CONFD_CONFIG_FILE', '/nowhere/x']]);
    await expect(loadConfig(new Map(), env)).rejects.toThrow(/\(named by CONFD_CONFIG_FILE\)$/);
  });
});

describe('layers: default < file < env < flag', () => {
  test.each<[string[], Record<string, string>, string, string, string]>([
    [[], {}, '', '', 'default'],
    [[], {}, 'prefix = "/file"', '/file', 'file'],
    [[], { CONFD_PREFIX: '/env' }, 'prefix = "/file"', '/env', 'env'],
    [['-prefix', '/flag'], { CONFD_PREFIX: '/env' }, 'prefix = "/file"', '/flag', 'flag'],
    [['-prefix='], { CONFD_PREFIX: '/env' }, 'prefix = "/file"', '', 'flag'],
    [[], { CONFD_PREFIX: '' }, 'prefix = "/file"', '/file', 'file'],
    [[], {}, 'prefix = ""', '', 'file'],
  ])('%j %j %j', async (args, env, toml, value, from) => {
    const { config, chosen } = await load(args, env, toml);
    expect(config.prefix).toBe(value);
    expect(chosen.get('prefix')).toMatchObject({ value, from });
  });

  test('a list is replaced as a whole, and variables split at commas', async () => {
    const toml = 'nodes = ["f1", "f2"]\nfile = ["a.yaml"]';
    expect((await load(['-node', 'a,b'], { CONFD_NODE: 'e' }, toml)).config.nodes).toEqual(['a,b']);
    expect((await load([], { CONFD_NODE: 'e1, e2,' }, toml)).config.nodes).toEqual(['e1', 'e2']);
    expect((await load([], {}, toml)).config).toMatchObject({ nodes: ['f1', 'f2'], files: ['a.yaml'] });
  });

  test('a value equal to the default still says who set it', async () => {
    const { chosen } = await load(['-interval', '600'], {}, 'scheme = "http"');
    expect(chosen.get('interval')).toMatchObject({ from: 'flag', where: '-interval' });
    expect(chosen.get('scheme')).toMatchObject({ from: 'file', where: expect.stringMatching(/\.toml:1$/) });
    expect(chosen.get('backend')).toMatchObject({ from: 'default', value: 'etcd' });
  });

  test.each(['CONFD_CLIENT_CAKEYS', 'CONFD_CLIENT_CA_KEYS'])('%s', async (name) => {
    expect((await load([], { [name]: '/ca' })).config.clientCaKeys).toBe('/ca');
  });

  test.each(['CONFD_VERSION', 'CONFD_PRINT_CONFIG', 'CONFD_QUIET', 'CONFD_PORT'])('%s means nothing', async (name) => {
    const { config, warnings } = await load([], { [name]: '0.16.0' });
    expect(config).toEqual((await load([])).config);
    expect(warnings).toEqual([]);
  });

  test('the result is frozen', async () => {
    const { config } = await load(['-node', 'a']);
    expect(Object.isFrozen(config) && Object.isFrozen(config.nodes) && Object.isFrozen(config.listen)).toBe(true);
  });
});

describe('defaults', () => {
  test('without a file that nobody named', async () => {
    const { config, warnings, notes, resourceFile } = await load([]);
    expect(config).toMatchObject({ backend: 'etcd', nodes: [], scheme: 'http', filter: '*', confdir: '/etc/confd' });
    expect(config).toMatchObject({ intervalSeconds: 600, debounceMs: 5, backendTimeoutMs: 10_000, logLevel: '' });
    expect(config).toMatchObject({ listen: ['127.0.0.1:4001'], watch: false, onetime: false });
    expect({ warnings, notes, resourceFile }).toEqual({ warnings: [], notes: [], resourceFile: null });
  });
});

describe('keys of the file', () => {
  test.each<[string, object]>([
    ['NOOP = true', { noop: true }],
    ['Sync-Only = true', { syncOnly: true }],
    ['log-level = "warn"', { logLevel: 'warn' }],
    ['onetime = true', { onetime: true }],
    ['keepstagefile = true', { keepStageFile: true }],
    ['client_cakeys = "/ca"\nclient_cert = "/c"\nclient_key = "/k"', { clientCaKeys: '/ca', clientKey: '/k' }],
    ['srv_domain = "d"\nsrv_record = "r"', { srvDomain: 'd', srvRecord: 'r' }],
    ['backend_timeout = "3s"', { backendTimeoutMs: 3000 }],
    ['noop = false\nNOOP = true', { noop: false }],
    ['configfile = "x"\nprintversion = true\nrole = "x"', {}],
  ])('%j', async (toml, expected) => {
    const { config, warnings } = await load([], {}, toml);
    expect(config).toMatchObject(expected);
    expect(warnings).toEqual([]);
  });

  test.each<[string, RegExp]>([
    ['log_level = "warn"', /:1: unknown key "log_level" is ignored; did you mean "log-level"\?$/],
    ['sync_only = true', /did you mean "sync-only"\?$/],
    ['\nnode = ["x"]', /:2: unknown key "node" is ignored; did you mean "nodes"\?$/],
    ['intervall = 5', /did you mean "interval"\?$/],
    ['zebra = 1', /unknown key "zebra" is ignored$/],
    ['[zebra]\nx = 1', /unknown key "zebra" is ignored$/],
    ['__proto__ = 1', /unknown key "__proto__" is ignored$/],
  ])('%j is doubted', async (toml, warning) => {
    const { warnings, config } = await load([], {}, toml);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(config).toEqual((await load([])).config);
  });
});

describe('a template resource as the configuration file', () => {
  test('is handed on', async () => {
    const loaded = await load(['-onetime'], {}, 'prefix = "/p"\n[template]\nsrc = "a"\ndest = "b"');
    expect(loaded.resourceFile).toMatch(/\.toml$/);
    expect(loaded.config.prefix).toBe('/p');
    expect(loaded.notes).toEqual([expect.stringMatching(/\.toml is a template resource/)]);
    expect(loaded.warnings).toEqual([]);
  });

  test('without its header gets a hint', async () => {
    const loaded = await load([], {}, 'src = "a"\ndest = "b"');
    expect(loaded.resourceFile).toBeNull();
    expect(loaded.warnings.at(-1)).toMatch(/its? \[template\] header is missing|whose \[template\] header is missing/);
  });
});

describe('what older releases knew', () => {
  test.each<[string[], object, string]>([
    [['-quiet'], { logLevel: 'error' }, '"log-level error" instead of "quiet"'],
    [['-verbose'], { logLevel: 'info' }, '"log-level info" instead of "verbose"'],
    [['-quiet', '-debug'], { logLevel: 'debug' }, '"log-level debug" instead of "debug"'],
    [['-debug', '-log-level', 'warn'], { logLevel: 'warn' }, '"log-level debug" instead of "debug"'],
    [['-quiet=false'], { logLevel: '' }, '"log-level error" instead of "quiet"'],
    [['-etcd-scheme', 'https'], { scheme: 'https' }, '"scheme" instead of "etcd-scheme"'],
    [
      ['-consul', '-consul-addr', 'h:8500'],
      { backend: 'consul', nodes: ['h:8500'] },
      '"node" instead of "consul-addr"',
    ],
    [['-consul-addr', 'h:8500'], { backend: 'etcd', nodes: [] }, '"node" instead of "consul-addr"'],
  ])('%j', async (args, expected, advice) => {
    const { config, warnings } = await load(args);
    expect(config).toMatchObject(expected);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(advice);
  });

  test('the [confd] table', async () => {
    const toml = '[confd]\netcd_nodes = ["h:4001"]\netcd_scheme = "https"\ndebug = true\nprefix = "/p"';
    const { config, warnings } = await load([], {}, toml);
    expect(config).toMatchObject({ nodes: ['h:4001'], scheme: 'https', logLevel: 'debug', prefix: '/p' });
    expect(warnings).toEqual([expect.stringContaining('a [confd] table is an older layout'), expect.any(String)]);
  });

  test('consul in the [confd] table leaves etcd_nodes alone', async () => {
    const { config } = await load([], {}, '[confd]\nconsul = true\nconsul_addr = "c:1"\netcd_nodes = ["e:1"]');
    expect(config).toMatchObject({ backend: 'consul', nodes: ['c:1'] });
  });
});

describe('combinations that are doubted', () => {
  test.each<[string[], RegExp]>([
    [['-client-cert', '/c'], /^client-cert is not used without client-key$/],
    [['-basic-auth', '-username', 'u'], /^basic-auth is not used without both username and password$/],
    [['-listen', ':4001'], /^listen is not used without the backend embedded$/],
    [['-interval', '99999999'], /^interval: the maximum is 2147483 seconds/],
  ])('%j', async (args, warning) => {
    const { warnings, config } = await load(args);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(config.intervalSeconds).toBeLessThanOrEqual(2_147_483);
  });
});

describe('settings that the store does not read', () => {
  const etcd = 'consul, etcd, etcdv2, etcdv3, redis or vault';
  const cases: [string[], Record<string, string>, string, string[]][] = [
    [['-backend=nope', '-node=h'], {}, '', []],
    [
      ['-role-id=t', '-file=f'],
      {},
      '',
      ['file is not used without the backend file; role-id is not used without the backend vault'],
    ],
    [
      ['-backend=vault', '-role-id=t', '-file=f', '-table=t'],
      {},
      '',
      [
        'table is not used: this release does not have the backend dynamodb',
        'file is not used without the backend file',
      ],
    ],
    [
      ['-backend=env', '-node=h', '-client-cert=c'],
      {},
      '',
      [`client-cert and node are not used without the backend ${etcd}`],
    ],
    [['-backend=env', '-node='], {}, '', [`node is not used without the backend ${etcd}`]],
    [['-backend=file', '-file=f'], {}, 'nodes = ["h"]', [`node is not used without the backend ${etcd}`]],
    [
      [],
      {},
      'backend = "env"\nfile = ["f"]\nnodes = ["h"]',
      [`file is not used without the backend file; node is not used without the backend ${etcd}`],
    ],
    [['-backend=embedded', '-scheme=http', '-listen=:1'], {}, '', [`scheme is not used without the backend ${etcd}`]],
    [['-node=h', '-scheme=https', '-srv-domain=d', '-client-key=/k', '-username=u'], {}, '', []],
    [['-backend=env', '-backend-timeout=1s', '-prefix=/x'], {}, '', []],
    // An image sets variables for whichever store it is run with.
    [
      ['-backend=env'],
      { CONFD_NODE: 'h', CONFD_CLIENT_CERT: 'c', CONFD_FILE: 'f', CONFD_TABLE: 't', CONFD_LISTEN: ':1' },
      '',
      [],
    ],
  ];
  test.each(cases)('%j %j %j', async (args, env, toml, expected) => {
    expect((await load(args, env, toml)).warnings).toEqual(expected);
  });
});
