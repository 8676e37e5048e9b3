import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Confdir, Program, waitFor } from '../helpers/confd.ts';
import { type Served, serve } from '../helpers/mini-etcd.ts';
import { freePort } from '../helpers/port.mjs';

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
});

/** confd on a confdir whose confd.toml is this text. */
function start(dir: Confdir, settings: string, ...args: string[]): Program {
  dir.write('confd.toml', settings);
  const program = new Program('confd', ['-confdir', dir.root, '-config-file', dir.path('confd.toml'), ...args]);
  running.push(program);
  return program;
}

/** A resource whose [backend] table has these lines. */
function withBackend(dir: Confdir, name: string, template: string, keys: readonly string[], lines: string): string {
  return dir.resource(name, template, keys, `[backend]\n${lines}`);
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const says = (path: string, text: string) => waitFor(`${path} to say ${text}`, () => content(path) === text);
const logs = (program: Program, line: RegExp) =>
  waitFor(`a line like ${line.source}`, () => program.log.some((one) => line.test(one)));
const figure = ({ server }: Served, name: string) =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec(server.metrics())?.[1]);
const etcd = (url: string) => `backend = "etcdv2"\nnodes = ["${url}"]\n`;
const all = '{{range gets "/*"}}{{.Key}}={{.Value}};{{end}}';

describe('what cannot work', () => {
  test.each([
    ['a type', 'nodes = "x"', ['a.toml - toml: line 6', 'backend.nodes']],
    ['a value', 'scheme = "ftp"', ['scheme (set by ', 'a.toml:6): must be http or https']],
    ['a backend', 'backend = "etcdd"', ['[backend] of ', 'a.toml:5: Invalid backend "etcdd"']],
    ['the embedded store', 'backend = "embedded"', ['backend (set by ', 'a.toml:6)', 'can only be the global store']],
    ['a password twice', 'password = "geheim"\npassword_file = "/x"', ['a.toml:6', 'a.toml:7', 'cannot both be set']],
  ])('%s in a [backend] table is one error, with its place; the others run', async (_what, lines, parts) => {
    const dir = new Confdir();
    withBackend(dir, 'a', 'a', ['/'], lines);
    const dest = dir.resource('b', 'fine', []);
    const { code, stderr } = await start(dir, '', '-onetime').ended;
    expect(code).toBe(1);
    const errors = stderr.split('\n').filter((line) => line.includes(' ERROR '));
    expect(errors).toHaveLength(1);
    for (const part of parts) expect(errors[0]).toContain(part);
    expect(content(dest)).toBe('fine');
    expect(stderr).not.toContain('geheim');
  });

  test('a name that no source has', async () => {
    const dir = new Confdir();
    dir.resource('a', 'a', ['/'], 'sources = ["sites"]');
    const settings = '[source.site]\nbackend = "env"\n';
    const { code, stderr } = await start(dir, settings, '-onetime').ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR .*a\.toml - toml: line 5 .*there is no source "sites" .*did you mean "site"\?/);
  });
});

describe('onetime', () => {
  test('a store that is down costs its resources only, and is named', async () => {
    await using store = await serve();
    await store.ask('PUT /k value=1');
    const dir = new Confdir();
    const good = dir.resource('good', all, ['/'], 'sources = ["site"]');
    const bad = withBackend(dir, 'bad', all, ['/'], etcd('http://127.0.0.1:1'));
    const settings = `[source.site]\n${etcd(`http://127.0.0.1:${store.port}`)}`;
    const { code, stderr } = await start(dir, settings, '-onetime').ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR Cannot process .*bad\.toml - \[backend\] of .*bad\.toml:5: .*127\.0\.0\.1:1/);
    expect([content(good), content(bad)]).toEqual(['/k=1;', undefined]);
  });

  test('the first listed source wins, each below its prefix, and collisions are told without values', async () => {
    await using store = await serve();
    for (const [key, value] of Object.entries({ 'site/app/a': 'site', 'site/app/b': 'secret', 'eu/app/b': 'eu' })) {
      await store.ask(`PUT /${key} value=${value}`);
    }
    const dir = new Confdir();
    dir.write('defaults.yaml', 'app:\n  a: hidden\n  b: hidden\n  c: default\n');
    const site = `[source.site]\n${etcd(`http://127.0.0.1:${store.port}`)}prefix = "/site"\n`;
    const settings = `${site}[source.defaults]\nbackend = "file"\nfile = ["${dir.path('defaults.yaml')}"]\n`;
    const app = '{{range gets "/app/*"}}{{.Key}}={{.Value}};{{end}}{{range ls "/app"}}{{.}}{{end}}';
    const one = dir.resource('one', app, ['/app'], 'sources = ["site", "defaults"]');
    const two = dir.resource('two', app, ['/app'], 'sources = [{name = "site", prefix = "/eu"}, {name = "defaults"}]');
    const { code, stderr } = await start(dir, settings, '-onetime').ended;
    expect([content(one), content(two), code]).toEqual([
      '/app/a=site;/app/b=secret;/app/c=default;abc',
      '/app/a=hidden;/app/b=eu;/app/c=default;abc',
      0,
    ]);
    expect(stderr).toContain('one.toml: several sources have "/app/a", "/app/b"; the value of the first');
    expect(stderr).toContain('two.toml: several sources have "/app/b"; the value of the first');
    expect(stderr).not.toMatch(/secret|hidden/);
  });
});

describe('watch', () => {
  test('one connection and one watch for each distinct store, whatever the number of resources', async () => {
    await using shared = await serve();
    await using other = await serve();
    const dir = new Confdir();
    const dests = Array.from({ length: 10 }, (_, i) =>
      withBackend(dir, `r${i}`, `${i}:{{getv "/k" ""}}`, ['/k'], etcd(`http://127.0.0.1:${shared.port}`)),
    );
    const named = dir.resource('named', '{{getv "/k" ""}}', ['/k'], 'sources = ["site", "global"]');
    const settings = `nodes = ["http://127.0.0.1:${other.port}"]\nbackend = "etcdv2"\n[source.site]\n${etcd(`http://127.0.0.1:${shared.port}`)}`;
    start(dir, settings, '-watch');
    await says(dests[9]!, '9:');
    await says(named, '');
    await waitFor('the watch', () => figure(shared, 'etcd_debugging_store_watchers') === 1);
    await shared.ask('PUT /k value=1');
    for (const [i, dest] of dests.entries()) await says(dest, `${i}:1`);
    await says(named, '1');
    expect(figure(shared, 'minietcd_connections')).toBeLessThanOrEqual(2);
    await other.ask('PUT /k value=hidden');
  });

  test('a store that is down at start and later holds up nobody else, and is named', async () => {
    await using up = await serve();
    const port = await freePort();
    const dir = new Confdir();
    const fine = withBackend(dir, 'fine', '{{getv "/k" ""}}', ['/k'], etcd(`http://127.0.0.1:${up.port}`));
    const both = dir.resource('both', all, ['/'], 'sources = ["late", "up"]');
    const settings = `[source.late]\n${etcd(`http://127.0.0.1:${port}`)}[source.up]\n${etcd(`http://127.0.0.1:${up.port}`)}`;
    const agent = start(dir, settings, '-watch');
    await says(fine, '');
    await logs(agent, /^ERROR source "late" \(.*confd\.toml:1\): http:.*ECONNREFUSED|^ERROR source "late" .*refused/);
    await up.ask('PUT /k value=1');
    await says(fine, '1');
    expect(content(both)).toBeUndefined();
    const folder = dir.path('data');
    const late = () => new Program('mini-etcd', ['-addr', `127.0.0.1:${port}`, '-data-dir', folder]);
    const first = late();
    running.push(first);
    await says(both, '/k=1;');
    await logs(agent, /^INFO source "late" .*: The backend answers again$/);
    await first.stop();
    await up.ask('PUT /k value=2');
    await says(fine, '2');
    await says(both, '/k=2;');
    running.push(late());
    const url = `http://127.0.0.1:${port}/v2/keys/k`;
    await waitFor('the store', async () =>
      fetch(url, { method: 'PUT', body: new URLSearchParams({ value: 'late' }) }).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    await says(both, '/k=late;');
  });

  test('edits of a [backend] table and SIGHUP change the store', async () => {
    await using one = await serve();
    await using two = await serve();
    await one.ask('PUT /k value=one');
    await two.ask('PUT /k value=two');
    const url = (store: { port: number }) => `http://127.0.0.1:${store.port}`;
    const dir = new Confdir();
    const dest = withBackend(dir, 'a', all, ['/'], etcd(url(one)));
    const named = dir.resource('b', all, ['/'], 'sources = ["site"]');
    const agent = start(dir, `[source.site]\n${etcd(url(one))}`, '-watch');
    await says(dest, '/k=one;');
    await says(named, '/k=one;');
    await new Promise((resolve) => setTimeout(resolve, 300));
    withBackend(dir, 'a', all, ['/'], etcd(url(two)));
    await says(dest, '/k=two;');
    dir.write('confd.toml', `[source.site]\n${etcd(url(two))}`);
    agent.kill('SIGHUP');
    await says(named, '/k=two;');
    await waitFor('the first store to be left', () => figure(one, 'minietcd_connections') === 0);
    expect((await agent.stop()).code).toBe(0);
  });
});

test('-print-config shows the sources without their secrets', async () => {
  const settings =
    '[source.site]\nbackend = "etcd"\nnodes = ["http://u:geheim@h:1"]\npassword = "geheim"\nprefix = "/p"\n';
  const { stdout } = await start(new Confdir(), settings, '-print-config').ended;
  expect(stdout).toMatch(/^source\.site\.node +\["http:\/\/\*\*\*@h:1"\] +file .*confd\.toml:3$/m);
  expect(stdout).toMatch(/^source\.site\.password +\*\*\* +file .*confd\.toml:4$/m);
  expect(stdout).not.toContain('geheim');
});

test('two resources with one dest and a missing template are named by their files', async () => {
  const dir = new Confdir();
  const dest = dir.resource('a', 'x', []);
  dir.write('conf.d/b.toml', `[template]\nsrc = "nope.tmpl"\ndest = "${dest}"\n`);
  const { stderr, code } = await start(dir, '', '-onetime').ended;
  expect(code).toBe(1);
  const file = (name: string) => dir.path(`conf.d/${name}.toml`);
  expect(stderr).toContain(`WARNING ${file('b')}: dest "${dest}" is also the dest of ${file('a')}`);
  expect(stderr).toContain(`ERROR Missing template: ${dir.path('templates/nope.tmpl')} (src in ${file('b')})`);
});

test('a -config-file that is a resource may have a [backend] table of its own', async () => {
  const dir = new Confdir();
  dir.write('values.yaml', 'k: here\n');
  dir.write('conf.d/keep', '');
  dir.write('templates/x.tmpl', '{{getv "/k"}}');
  const dest = dir.path('x');
  const settings = `[template]\nsrc = "x.tmpl"\ndest = "${dest}"\nkeys = ["/k"]\n[backend]\nbackend = "file"\nfile = ["${dir.path('values.yaml')}"]\n`;
  const { code } = await start(dir, settings, '-onetime').ended;
  expect([code, content(dest)]).toEqual([0, 'here']);
});
