import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Confdir, waitFor } from '../helpers/confd.ts';
import { ConsulServer } from '../helpers/consul-server.ts';
import { RedisServer } from '../helpers/redis-server.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';
import { serve } from '../helpers/mini-etcd.ts';
import { freePort } from '../helpers/port.mjs';
import { printedCommands } from '../helpers/printed.ts';

// The commands of the README and of the pages for operators, run by a shell as they are printed. Only addresses are others, and -confdir is added.

const root = join(import.meta.dirname, '../..');
const commands = printedCommands();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What runs elsewhere, or needs what no test may have. */
const elsewhere: readonly (readonly [string, RegExp])[] = [
  ['this run', /^npm ci && npm test$/],
  ['needs root and installs packages', /^npm run test:peers$/],
  ['package.test.ts', /^npm ci && npm pack && npm install -g /],
  ['its settings are names; vault.test.ts has such a login', / -backend vault /],
  ['needs a systemd; its file is tried by unit.test.ts', /^cp packaging\/confd.service /],
];
const tried = {
  confd: /^confd (?!.* -backend vault )/,
  curl: /^curl /,
  miniEtcd: /^mini-etcd$/,
  start: /^npm ci && npm start$/,
  wrapper: /^confd-watch /,
};

test('every command that is printed is tried', () => {
  const known = [...elsewhere.map(([, pattern]) => pattern), ...Object.values(tried)];
  expect(commands.filter((command) => !known.some((pattern) => pattern.test(command)))).toEqual([]);
  expect(commands.length).toBeGreaterThan(12);
});

/** A shell with a command line, in a folder, with our programs on its PATH; it is ended after the test. */
function shell(line: string, cwd: string, more: Readonly<Record<string, string>> = {}) {
  const path = [join(cwd, 'bin'), join(root, 'bin'), dirname(process.execPath), process.env['PATH']!];
  const env = { HOME: cwd, CONFD_STATE_DIR: join(cwd, 'state'), PATH: path.join(delimiter), ...more };
  const child = spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, name);
    } catch {
      // It is gone.
    }
  };
  ends.push(async () => {
    signal('SIGTERM');
    await ended;
  });
  return { said, ended, signal };
}

describe('confd', () => {
  test.each(commands.filter((command) => tried.confd.test(command)))('%s', async (command) => {
    const confdir = new Confdir();
    // The embedded store is empty at first.
    const dest = confdir.resource('a', '{{getv "/app/x" "none"}}', ['/app']);
    confdir.write('values.yaml', 'app:\n  x: one\n');
    const port = await freePort();
    const line = command
      .replace(/10\.0\.0\.5:(?:2379|6379|8500)/, await storeFor(command))
      .replace('127.0.0.1:4001', `127.0.0.1:${port}`)
      .concat(` -confdir ${confdir.root}`);
    const { said, ended } = shell(line, confdir.root, { APP_X: 'one' });
    if (command.includes('embedded')) {
      const put = () =>
        fetch(`http://127.0.0.1:${port}/v2/keys/app/x`, { method: 'PUT', body: new URLSearchParams({ value: 'one' }) });
      await waitFor('the embedded store', () =>
        put().then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    }
    await waitFor(`a file; ${said.text}`, () => existsSync(dest) && readFileSync(dest, 'utf8') === 'one');
    if (command.includes('-onetime')) expect(await ended).toBe(0);
    expect(said.text).not.toMatch(/WARNING|FATAL/);
  });

  /** host:port of a store with /app/x. */
  async function storeFor(command: string): Promise<string> {
    if (command.includes('etcdv3')) {
      const server = await Etcd3Server.start();
      server.put('/app/x', 'one');
      ends.push(() => server.close());
      return `127.0.0.1:${server.port}`;
    }
    if (command.includes('consul')) {
      const server = await ConsulServer.start();
      server.put('app/x', 'one');
      ends.push(() => server.close());
      return `127.0.0.1:${server.port}`;
    }
    if (command.includes('redis')) {
      const server = await RedisServer.start();
      server.put('/app/x', 'one');
      ends.push(() => server.close());
      return server.node;
    }
    const store = await serve();
    ends.push(() => store[Symbol.asyncDispose]());
    await store.ask('PUT /app/x value=one');
    return `127.0.0.1:${store.port}`;
  }
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;
(hasCurl ? test : test.skip)('mini-etcd and the curl lines below it', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'readme-'));
  const port = await freePort();
  // As settings of etcd can be said: the command stays as it is printed.
  const { said } = shell(
    commands.find((command) => tried.miniEtcd.test(command))!,
    cwd,
    { ETCD_ADDR: `127.0.0.1:${port}` },
  );
  await waitFor('mini-etcd', () =>
    fetch(`http://127.0.0.1:${port}/version`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect(said.text).toContain(`127.0.0.1:${port}`);
  const lines = commands
    .filter((command) => tried.curl.test(command))
    .map((line) => line.replace('4001', String(port)));
  const [put, wait] = lines;
  const waiting = shell(wait!, cwd);
  // The wait may come after a first change: then the next one is its answer.
  await waitFor('an answer', async () => {
    const done = shell(put!, cwd);
    expect([await done.ended, done.said.text]).toEqual([0, expect.stringContaining('"value":"Hello world"')]);
    return waiting.said.text.includes('"action":"set"');
  });
  expect(await waiting.ended).toBe(0);
  expect(existsSync(join(cwd, 'default.etcd'))).toBe(true);
});

test('confd-watch in front of a service', async () => {
  const confdir = new Confdir();
  const dest = confdir.resource('nginx', '{{getv "/app/x"}}', ['/app']);
  const store = await serve();
  ends.push(() => store[Symbol.asyncDispose]());
  await store.ask('PUT /app/x value=one');
  confdir.write('bin/nginx', `#!/bin/sh\ncat ${dest}; echo " for $*"; exec sleep 1000\n`);
  chmodSync(confdir.path('bin/nginx'), 0o755);
  const line = commands.find((command) => tried.wrapper.test(command))!;
  const settings = { HOST_IP: '127.0.0.1', ETCD_PORT: String(store.port), CONFD_OPTS: `-confdir ${confdir.root}` };
  const { said } = shell(line, confdir.root, { ...settings, CONFD_FILE: confdir.path('conf.d/nginx.toml') });
  await waitFor(`nginx\n${said.text}`, () => said.text.includes('one for -g daemon off;'));
});

(hasCurl ? test : test.skip)('npm start, and the line that it prints', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  for (const name of ['bin', 'conf.d', 'templates', 'scripts', 'src', 'package.json', 'tsconfig.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'home/.npmrc'), 'update-notifier=false\n');
  const line = commands.find((command) => tried.start.test(command))!.replace('npm ci && ', '');
  const demo = shell(line, folder, { HOME: join(folder, 'home') });
  const [curl] = await waitFor('the line', () => /curl -X PUT \S+ -d value=\S+/.exec(demo.said.text) ?? undefined);
  expect(demo.said.text).toContain('server 10.0.0.13:8080;');
  expect(await shell(curl, folder).ended).toBe(0);
  await waitFor('the change', () => demo.said.text.includes('server 10.0.0.14:8080;'));
  expect(readFileSync(join(folder, 'out/nginx.conf'), 'utf8')).toContain('server 10.0.0.14:8080;');
  demo.signal('SIGINT');
  await demo.ended;
  expect(demo.said.text).toMatch(/confd ended \(exit 0\)/);
});
