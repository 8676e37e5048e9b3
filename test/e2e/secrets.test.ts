import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readSnapshot } from '../../src/backend/contract/backend.ts';
import { Credentials } from '../../src/backend/net/credentials.ts';
import { etcd3Backend } from '../../src/backend/etcd/v3.ts';
import { settings } from '../../src/config/flags.ts';
import { confd, Confdir, logOf, Program } from '../helpers/confd.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';
import { etcdSettings } from '../helpers/etcd-settings.ts';
import { serve } from '../helpers/mini-etcd.ts';
import { freePort } from '../helpers/port.mjs';
import { ToyServer } from '../helpers/toy-server.ts';

const made = JSON.parse(readFileSync(new URL('../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
  'app' | 'second',
  string
>;

async function run(flags: readonly string[], template: string) {
  const dir = new Confdir();
  const dest = dir.resource('x', template, ['/v']);
  dir.write('ring.asc', made.app);
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root, '-log-level', 'debug', ...flags];
  const env = { V: made.second, RING: dir.path('ring.asc') };
  const { code, stderr } = await new Program(
    'confd',
    args.map((arg) => arg.replace('RING', env.RING)),
    env,
  ).ended;
  return { code, stderr, log: logOf(stderr), dest };
}

test('a key ring that is not there ends the start', async () => {
  const { code, log } = await run(['-secret-keyring', '/none.asc'], '');
  expect(code).toBe(1);
  expect(log).toEqual(['FATAL secret-keyring: open /none.asc: no such file or directory']);
});

test('without a key ring the functions are unknown', async () => {
  const { code, log } = await run([], '{{cgetv "/v"}}');
  expect(code).toBe(1);
  expect(log.filter((line) => line.startsWith('ERROR'))[0]).toContain('function "cgetv" not defined');
});

test('a value is not in the error that a function makes of it', async () => {
  const { code, stderr } = await run(['-secret-keyring', 'RING'], '{{atoi (cgetv "/v")}}');
  expect(code).toBe(1);
  expect(stderr).toContain('strconv.Atoi: parsing "***": invalid syntax');
  expect(stderr).not.toContain('second');
});

test('a value is decrypted into the file, and not into the log', async () => {
  const { code, stderr, dest } = await run(['-secret-keyring', 'RING'], '{{cgetv "/v"}}');
  expect(code).toBe(0);
  expect(readFileSync(dest, 'utf8')).toBe('second');
  expect(stderr).not.toContain('second');
});

describe('no secret setting is in any output', () => {
  const mark = 'hunter2';
  const secrets = settings.filter(({ secret }) => secret === true).map(({ name }) => name);
  const nodes = (port: number) => [`http://me:${mark}@127.0.0.1:${port}`, `me:${mark}@127.0.0.1:${port}`];
  const asVariable = (name: string) => `CONFD_${name.replaceAll('-', '_').toUpperCase()}`;
  const asKey = (name: string) => name.replaceAll('-', '_');

  interface Given {
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** What stands in confd.toml. */
    readonly toml?: string;
  }

  /** Every way to say a secret, with the nodes at port. */
  const ways: Readonly<Record<string, (port: number, dir: Confdir) => Given>> = {
    flags: (port) => ({
      args: [...secrets.flatMap((name) => [`-${name}`, mark]), ...nodes(port).flatMap((node) => ['-node', node])],
    }),
    variables: (port) => ({
      args: [],
      env: {
        ...Object.fromEntries(secrets.map((name) => [asVariable(name), mark])),
        CONFD_NODE: nodes(port).join(','),
      },
    }),
    'confd.toml': (port) => ({
      args: [],
      toml: [`nodes = ${JSON.stringify(nodes(port))}`, ...secrets.map((name) => `${asKey(name)} = "${mark}"`)].join(
        '\n',
      ),
    }),
    files: (port, dir) => {
      dir.write('secret', `${mark}\n`);
      const files = secrets.flatMap((name) => [`-${name}-file`, dir.path('secret')]);
      return { args: [...files, '-node', nodes(port)[0]!] };
    },
  };

  /** The store that is asked, what confd says then, and how it is told so. */
  const situations: Readonly<Record<string, readonly [keyof Ports, string, string[]]>> = {
    'a store that is down': ['dead', 'connection refused', ['-onetime']],
    'a v3 store that is down': ['dead', 'connection refused', ['-onetime', '-backend', 'etcdv3']],
    'a store that denies': ['denyingV2', 'access denied', ['-onetime', '-backend', 'etcdv2']],
    'a v3 store that denies': ['denyingV3', 'access denied', ['-onetime', '-backend', 'etcdv3']],
    'a check_cmd that fails': ['sound', 'failed at check', ['-onetime']],
    '-print-config': ['sound', '***', ['-print-config']],
    'a flag that is wrong': ['sound', 'invalid value', ['-interval=x']],
    'a setting that is wrong': ['sound', 'must be http or https', ['-scheme=x']],
    'a node that is wrong': ['sound', 'is not a node', ['-onetime', '-node', `ftp://me:${mark}@h`]],
  };

  interface Ports {
    readonly sound: number;
    readonly dead: number;
    readonly denyingV2: number;
    readonly denyingV3: number;
  }

  const rows = Object.keys(ways).flatMap((way) => Object.keys(situations).map((situation) => [way, situation]));
  test.each(rows)('from %s, with %s', async (way, situation) => {
    await using served = await serve();
    await served.ask('PUT /k value=v');
    const denier = await ToyServer.start((_request, response) => response.writeHead(401).end('{"errorCode":110}'));
    const dir = new Confdir();
    dir.resource('x', '{{getv "/k"}}', ['/k'], 'check_cmd = "false"');
    const v3 = await Etcd3Server.start({ users: new Map([['me', 'another']]) });
    const denyingV2 = Number(new URL(denier.url).port);
    const ports: Ports = { sound: served.port, dead: await freePort(), denyingV2, denyingV3: v3.port };
    const [store, expected, more] = situations[situation]!;
    const { args, env = {}, toml = '' } = ways[way]!(ports[store], dir);
    dir.write('confd.toml', toml);
    const given = ['-config-file', dir.path('confd.toml'), '-confdir', dir.root, '-log-level', 'debug', '-basic-auth'];
    const { stdout, stderr } = await confd([...given, '-username', 'me', ...args, ...more], env);
    await Promise.all([denier.close(), v3.close()]);
    expect(stdout + stderr).toContain(expected);
    expect(stdout + stderr).not.toContain(mark);
    expect(stdout + stderr).not.toContain(Buffer.from(`me:${mark}`).toString('base64'));
  });
});

describe('no misspelt address shows its password', () => {
  // None of these is an address; what makes one of them by guessing must not put the password into a host or a path.
  const spellings = [
    'http:/',
    'http//',
    'http:',
    'http;//',
    'https;//',
    'http:\\\\',
    'htp://',
    '://',
    '//',
    'http:// ',
  ];

  test.each(spellings)('%s', async (start) => {
    const node = `${start}me:hunter2@127.0.0.1:1`;
    const dir = new Confdir();
    dir.resource('x', '', ['/k']);
    dir.write('confd.toml', `nodes = [${JSON.stringify(node)}]`);
    const own = ['-confdir', dir.root, '-log-level', 'debug', '-backend-timeout', '1s'];
    const runs = await Promise.all([
      confd(['-onetime', ...own, '-node', node]),
      confd(['-onetime', ...own, '-backend', 'etcdv3'], { CONFD_NODE: node }),
      confd(['-onetime', ...own, '-config-file', dir.path('confd.toml')]),
      confd(['-print-config', ...own, '-config-file', dir.path('confd.toml')]),
      confd(['-onetime', ...own, '-backend', node]),
      confd(['-onetime', ...own, '-log-level', node]),
      confd(['-onetime', ...own, '-backend', 'file', '-file', node]),
      confd(['-onetime', ...own, `-interval=${node}`]),
      confd(['-onetime', ...own, `-${node}`]),
      confd(['-onetime', ...own, `---node=${node}`]),
      confd(['-onetime', ...own, '-backend', 'embedded', '-listen', node]),
      confd(['-onetime', ...own], { CONFD_INTERVAL: node }),
      new Program('mini-etcd', ['export', '-url', node]).ended,
      new Program('mini-etcd', ['export', node]).ended,
      new Program('mini-etcd', ['check', node]).ended,
      new Program('mini-etcd', [node]).ended,
      new Program('mini-etcd', ['-listen-client-urls', node]).ended,
      new Program('mini-etcd', ['-in-memory'], { ETCD_ADVERTISE_CLIENT_URLS: node }).ended,
      new Program('mini-etcd', ['-in-memory', '-addr', node]).ended,
    ]);
    for (const [i, { stdout, stderr }] of runs.entries()) {
      expect(`${i} ${stdout}${stderr}`).not.toContain('hunter2');
    }
    expect(runs[0].stderr).toContain('***@127.0.0.1:1');
  });

  test.each([['---password=hunter2'], ['-=password=hunter2'], ['-password:hunter2'], ['-passwrod=hunter2']])(
    'a flag like %s',
    async (flag) => {
      const { code, stderr } = await confd([flag]);
      expect(code).toBe(2);
      expect(stderr).not.toContain('hunter2');
    },
  );
});

test('a v3 store that refuses a password is asked again with what the file says by now', async () => {
  const dir = new Confdir();
  dir.write('password', 'old\n');
  const passwordFile = dir.path('password');
  const auth = await Credentials.open({ basicAuth: true, username: 'me', password: '', passwordFile });
  const server = await Etcd3Server.start({ users: new Map([['me', 'new']]) });
  server.put('/k', 'v');
  const backend = await etcd3Backend(etcdSettings([server.url], { auth }));
  const read = () => readSnapshot(backend, ['/k'], new AbortController().signal);
  await expect(read()).rejects.toMatchObject({ code: 'denied' });
  dir.write('password', 'new\n');
  expect([...(await read()).pairs]).toEqual([['/k', 'v']]);
  await backend.close();
  await server.close();
});

test('a password file that is not there ends the start', async () => {
  const { code, stderr } = await confd(['-basic-auth', '-username', 'me', '-password-file', '/none', '-onetime']);
  expect(code).toBe(1);
  expect(logOf(stderr).at(-1)).toBe(
    "FATAL cannot read the password file: ENOENT: no such file or directory, open '/none'",
  );
});

test.each(['http://me:hunter2@127.0.0.1:1', 'http://me:hunter2@127.0.0.1:1/path'])(
  'mini-etcd export does not show the password in %s',
  async (url) => {
    const { code, stderr } = await new Program('mini-etcd', ['export', '-url', url]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('***@127.0.0.1:1');
    expect(stderr).not.toContain('hunter2');
  },
);
