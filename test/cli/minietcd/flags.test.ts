import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadSettings, readSettings } from '../../../src/cli/minietcd/flags.ts';
import { parseToml } from '../../../src/config/toml.ts';

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  readSettings(args, new Map(Object.entries(env)));

describe('what cannot be honoured stops the start', () => {
  test.each([
    [['-bogus'], 'flag provided but not defined: -bogus'],
    [['-name'], 'flag needs an argument: -name'],
    [['-v=maybe'], 'invalid boolean value "maybe" for -v: parse error'],
    [['serve'], 'unexpected argument: serve'],
    [
      ['-snapshot', 'false'],
      'unexpected argument: false; a boolean flag takes its value after "=", as in -snapshot=false',
    ],
    [['-addr', '127.0.0.1'], '-addr: 127.0.0.1 is not host:port'],
    [['-addr', 'http://127.0.0.1:4001'], 'not host:port (no scheme, no path)'],
    [['-addr', '127.0.0.1:70000'], 'not host:port'],
    [['-bind-addr', ':4444'], '-bind-addr: :4444: an IP address is required'],
    [['-bind-addr', '127.0.0.1', '-listen-client-urls', 'http://127.0.0.1:1'], 'not both'],
    [['-ca-file', 'a'], '-ca-file: needs -cert-file and -key-file too'],
    [['-cert-file', 'c'], '-cert-file: needs -key-file too'],
    [['-cert-file', 'c', '-key-file', 'k', '-client-cert-auth'], '-client-cert-auth: needs -trusted-ca-file too'],
    [['-key-file', 'k'], '-key-file: needs -cert-file too'],
    [['-http-read-timeout', 'soon'], '-http-read-timeout: soon is not a number above 0'],
    [['-http-write-timeout', '0'], '0 is not a number above 0'],
    [['-snapshot-count', '1.5'], '-snapshot-count: 1.5 is not a whole number'],
    [['-cluster-active-size', '-1'], 'is not a number above 0'],
    [['-peers', '10.0.0.1:7001'], 'a single node'],
    [['-discovery', 'http://etcd.local/x'], 'a single node'],
    [
      ['-name', 'a', '-initial-cluster', 'a=http://a:1,b=http://b:1,c=http://c:1,b=http://b:2'],
      '-initial-cluster: names b and c besides this node, a: mini-etcd is a single node and cannot join a cluster: name only a',
    ],
    [['-initial-cluster', 'a=http://a:1'], 'names a besides this node, default'],
    [['-initial-cluster', 'default'], '-initial-cluster: default is not name=http://host:port'],
    [['-initial-cluster', 'default=a'], '-initial-cluster: a is not http://host:port'],
    [['-initial-advertise-peer-urls', 'a'], '-initial-advertise-peer-urls: a is not http://host:port'],
    [['-peer-addr', 'http://a:1'], '-peer-addr: http://a:1 is not host:port'],
    [['-listen-client-urls', 'https://a:1'], 'https://a:1 needs -cert-file and -key-file too'],
    [
      ['-listen-client-urls', 'https://a:1,http://a:2', '-cert-file', 'c', '-key-file', 'k'],
      'http://a:2: all addresses are served over TLS once there is a certificate; write https://',
    ],
    [['-discovery-srv', 'example.com'], 'a single node'],
    [['-config-file', 'etcd.yaml'], '-config-file: mini-etcd does not read YAML'],
    [['-auto-tls'], 'mini-etcd makes no certificates'],
    [['-f'], 'deletes the data directory'],
  ])('%j', (args, message) => {
    expect(() => read(args)).toThrow(message);
  });

  test('also when a variable asks for it', () => {
    expect(() => read([], { ETCD_CA_FILE: 'ca.crt' })).toThrow('ETCD_CA_FILE: needs -cert-file and -key-file too');
  });
});

const loopback = (port: number) => ({ host: '127.0.0.1', port });

describe('where it listens', () => {
  test.each([
    [[], [loopback(4001), loopback(2379)], []],
    [['-addr', '127.0.0.1:5'], [loopback(5)], ['http://127.0.0.1:5']],
    [['-addr=10.0.0.1:5', '--bind-addr', '127.0.0.1'], [loopback(5)], ['http://10.0.0.1:5']],
    [['-bind-addr', '127.0.0.1'], [loopback(4001)], []],
    [['-bind-addr', '127.0.0.1:1, [::1]:2'], [loopback(1), { host: '::1', port: 2 }], []],
  ])('%j', (args, listen, clientUrls) => {
    expect(read(args)).toMatchObject({ listen, clientUrls });
  });
});

describe('variables', () => {
  test('count where no flag is given', () => {
    const env = {
      ETCD_NAME: ' n1 ',
      ETCD_ADDR: '127.0.0.1:1',
      ETCD_CORS: 'http://a.com, *,',
      ETCD_VERBOSE: 'no',
      OTHER: 'x',
    };
    expect(read(['-addr', '127.0.0.1:2'], env)).toMatchObject({
      name: 'n1',
      listen: [loopback(2)],
      cors: ['http://a.com', '*'],
      verbose: true,
    });
  });

  test('that are empty, 0 or false say nothing', () => {
    expect(
      read([], { ETCD_NAME: ' ', ETCD_VERBOSE: '0', ETCD_VERY_VERBOSE: 'false', ETCD_DATA_DIR: '' }),
    ).toMatchObject({
      verbose: false,
      warnings: [],
    });
  });
});

test('settings without effect say so, once each', () => {
  const { warnings } = read(
    ['-peer-heartbeat-interval', '50', '-http-write-timeout=10.0', '-c', '127.0.0.1:9', '-cluster-active-size', '5'],
    { ETCD_TRACE: '*', ETCD_UNHEARD_OF: '1' },
  );
  expect(warnings).toEqual([
    'unrecognized environment variable ETCD_UNHEARD_OF is ignored',
    '[deprecated] use -addr, not -c',
    '-cluster-active-size is only shown by /v2/admin/config and has no other effect: a single node has no peers',
    '-peer-heartbeat-interval has no effect: a single node has no peers; remove it',
    'ETCD_TRACE has no effect: read /metrics and /debug/vars instead',
  ]);
});

describe('settings that may not do what one thinks say so', () => {
  const any = 'clients that ask for the address of this store get';
  test.each([
    [['-snapshot=false'], ['-snapshot: no snapshots are taken: the log and the time of a start grow']],
    [['-snapshot=true'], []],
    [['-cors', 'http://a.com:80,https://b.com,*'], []],
    [
      ['-cors', 'a.com, http://b.com/'],
      ['-cors: a.com allows no page', '-cors: http://b.com/ allows no page: browsers send origins as http://host'],
    ],
    [['-addr', '10.0.0.1:4001', '-bind-addr', '0.0.0.0:4001'], []],
    [
      ['-bind-addr', '0.0.0.0'],
      [`-bind-addr: ${any} 0.0.0.0: set the address of this machine with -addr <this machine>:<port>`],
    ],
    [['-bind-addr', '127.0.0.1:1,[::]:2'], [`-bind-addr: ${any} [::]: set`]],
    [['-addr', '0.0.0.0:4001'], [`-addr: ${any} 0.0.0.0: set`]],
    [['-listen-client-urls', 'http://10.0.0.0:1'], []],
    [
      ['-listen-client-urls', 'http://0.0.0.0:1'],
      [`${any} 0.0.0.0: set the address of this machine with -advertise-client-urls http`],
    ],
    [['-listen-client-urls', 'http://0.0.0.0:1', '-advertise-client-urls', 'http://10.0.0.1:1'], []],
  ])('%j', (args, wanted) => {
    expect(read(args).warnings).toEqual(wanted.map((text) => expect.stringContaining(text)));
  });
});

test('old and later names mean the same', () => {
  expect(read(['-c', '127.0.0.1:9', '-n', 'old'])).toMatchObject({ name: 'old', listen: [loopback(9)] });
  const later =
    '-listen-client-urls http://127.0.0.1:6001 -advertise-client-urls http://127.0.0.1:6001 --enable-v2=true';
  const peers = '-name a -initial-cluster a=http://127.0.0.1:6002 -initial-advertise-peer-urls http://127.0.0.1:6002';
  expect(read(`${later} ${peers}`.split(' '))).toMatchObject({
    listen: [loopback(6001)],
    clientUrls: ['http://127.0.0.1:6001'],
    peerUrls: ['http://127.0.0.1:6002'],
    warnings: [],
  });
});

describe('scripts that start a cluster of one node start mini-etcd', () => {
  const urls = '-initial-advertise-peer-urls http://127.0.0.1:2 -advertise-client-urls http://127.0.0.1:1';
  test.each([
    // python-etcd's tests, which repeat the last flags.
    [
      `-name n -data-dir d ${urls} -listen-peer-urls http://127.0.0.1:2 -listen-client-urls http://127.0.0.1:1 --enable-v2=true` +
        ' -initial-cluster n=http://127.0.0.1:2 -initial-cluster-state new'.repeat(2),
      ['http://127.0.0.1:2'],
      ['initial-cluster-state', 'listen-peer-urls'],
    ],
    ['-name n -initial-cluster n=http://b:2,n=http://127.0.0.1:2', ['http://b:2', 'http://127.0.0.1:2'], []],
    ['-initial-cluster default=http://127.0.0.1:2', ['http://127.0.0.1:2'], []],
    [
      '-heartbeat-interval 100 -election-timeout=1000 -strict-reconfig-check -initial-cluster-token t',
      ['http://127.0.0.1:7001'],
      ['election-timeout', 'heartbeat-interval', 'initial-cluster-token', 'strict-reconfig-check'],
    ],
    [
      '--logger=zap --log-outputs=stderr --quota-backend-bytes 1 --auto-compaction-retention 1 --pre-vote=false',
      ['http://127.0.0.1:7001'],
      ['auto-compaction-retention', 'quota-backend-bytes', 'log-outputs', 'logger'],
    ],
  ])('%s', (line, peerUrls, warned) => {
    const settings = read(line.split(' '));
    expect(settings.peerUrls).toEqual(peerUrls);
    expect(settings.warnings.map((warning) => /^-(\S+) has no effect/.exec(warning)?.[1])).toEqual(warned);
  });

  test('-debug is -v', () => {
    expect(read(['-debug'])).toMatchObject({ verbose: true, warnings: ['[deprecated] use -v, not -debug'] });
  });
});

test('TLS, times and sizes', () => {
  const args = '-cert-file c -key-file k -ca-file a -addr 10.0.0.1:5 -http-read-timeout 1.5 -cluster-remove-delay 60';
  expect(read([...args.split(' '), '-graphite-host', 'g'])).toMatchObject({
    tls: { certFile: 'c', keyFile: 'k', caFile: 'a' },
    clientUrls: ['https://10.0.0.1:5'],
    limits: { requestMs: 1500, answerMs: 300_000 },
    cluster: { activeSize: 9, removeDelay: 60, syncInterval: 5 },
    graphite: { host: 'g', port: 2003 },
  });
});

describe('a configuration file', () => {
  const lines: readonly (readonly [string, string, string])[] = [
    ['', 'addr = "127.0.0.1:4001"', ''],
    ['', 'bind_addr = "127.0.0.1:4001"', ''],
    ['', 'ca_file = ""', ''],
    ['', 'cert_file = ""', ''],
    ['', 'cors = []', ''],
    ['', 'cpu_profile_file = ""', ''],
    ['', 'data_dir = "."', ''],
    ['', 'discovery = "http://etcd.local:4001/v2/keys/_etcd/registry/examplecluster"', 'refused: remove this setting'],
    ['', 'http_read_timeout = 10.0', ''],
    ['', 'http_write_timeout = 10.0', ''],
    ['', 'key_file = ""', ''],
    ['', 'peers = []', ''],
    ['', 'peers_file = ""', ''],
    ['', 'max_result_buffer = 1024', 'max_result_buffer has no effect, and had none in etcd; remove it'],
    ['', 'max_retry_attempts = 3', 'max_retry_attempts has no effect: a single node has no peers; remove it'],
    ['', 'name = "default-name"', ''],
    ['', 'snapshot = true', ''],
    ['', 'verbose = false', ''],
    ['', 'very_verbose = false', ''],
    ['[peer]', 'addr = "127.0.0.1:7001"', ''],
    ['[peer]', 'bind_addr = "127.0.0.1:7001"', 'bind_addr has no effect: a single node has no peers; remove it'],
    ['[peer]', 'ca_file = ""', ''],
    ['[peer]', 'cert_file = ""', ''],
    ['[peer]', 'key_file = ""', ''],
    ['[cluster]', 'active_size = 9', 'active_size is only shown by /v2/admin/config'],
    ['[cluster]', 'remove_delay = 1800.0', 'remove_delay is only shown by /v2/admin/config'],
    ['[cluster]', 'sync_interval = 5.0', 'sync_interval is only shown by /v2/admin/config'],
  ];
  const file = (text: string) => parseToml('etcd.conf', Buffer.from(text));

  test.each(lines)('%s %s', (table, line, advice) => {
    const text = `${table}\n${line} # of the documented sample\n`;
    if (advice.startsWith('refused: ')) {
      expect(() => readSettings([], new Map(), file(text))).toThrow(/^etcd\.conf:2: discovery: .*remove this setting/);
      return;
    }
    const { warnings } = readSettings([], new Map(), file(text));
    expect(warnings).toEqual(advice === '' ? [] : [expect.stringContaining(`etcd.conf:2: ${advice}`)]);
  });

  test('the whole sample, but for the line of a cluster', () => {
    let last = '';
    const text = lines
      .filter(([, , advice]) => !advice.startsWith('refused'))
      .map(([table, line]) => (table === last ? line : `${(last = table)}\n${line}`));
    const settings = readSettings([], new Map(), file(text.join('\n')));
    expect(settings).toMatchObject({
      name: 'default-name',
      listen: [loopback(4001)],
      dataDir: '.',
      limits: { requestMs: 10_000, answerMs: 10_000 },
      peerUrls: ['http://127.0.0.1:7001'],
      cluster: { activeSize: 9, removeDelay: 1800, syncInterval: 5 },
      tls: undefined,
    });
    expect(settings.warnings).toHaveLength(6);
  });

  test('flags win over variables, and those over the file', () => {
    const text = 'addr = "127.0.0.1:1"\nname = "file"\ncors = ["http://a.com", "*"]\nverbose = true\n';
    const env = new Map([
      ['ETCD_ADDR', '127.0.0.1:2'],
      ['ETCD_NAME', 'env'],
    ]);
    expect(readSettings(['-addr', '127.0.0.1:3'], env, file(text))).toMatchObject({
      listen: [loopback(3)],
      name: 'env',
      cors: ['http://a.com', '*'],
      verbose: true,
    });
  });

  test.each([
    ['addr = 1', 'etcd.conf: toml: line 1 (last key "addr"): incompatible types: TOML value has type int64'],
    ['http_read_timeout = "10"', 'a number is expected'],
    ['snapshot = "yes"', 'destination has type boolean'],
    ['peer = 1', 'incompatible types'],
    ['addr = "127.0.0.1"', 'etcd.conf:1: addr: 127.0.0.1 is not host:port'],
  ])('%s', (text, message) => {
    expect(() => readSettings([], new Map(), file(text))).toThrow(message);
  });

  test('names that nobody knows are warned of', () => {
    const { warnings } = readSettings([], new Map(), file('adr = "x"\n[cluster]\nbogus = 1\nhttp_read_timeout = 1\n'));
    expect(warnings).toEqual([
      'etcd.conf:1: unknown key "adr" is ignored; did you mean "addr"?',
      'etcd.conf:3: unknown key "bogus" is ignored',
      'etcd.conf:4: unknown key "http_read_timeout" is ignored',
    ]);
  });

  test('is found at any position, by flag or variable', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'etcd-')), 'own.conf');
    writeFileSync(path, 'http_read_timeout = 10\nname = "of the file"\n');
    expect(await loadSettings(['-v', '-config', path], new Map())).toMatchObject({
      name: 'of the file',
      verbose: true,
    });
    expect(await loadSettings([], new Map([['ETCD_CONFIG', path]]))).toMatchObject({ limits: { requestMs: 10_000 } });
    await expect(loadSettings(['-config', `${path}.no`], new Map())).rejects.toThrow('no such file or directory');
  });
});
