import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Confdir, Program, waitFor } from '../helpers/confd.ts';

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
});

function start(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const program = new Program(name, args, env);
  running.push(program);
  return program;
}

/** A store of its own, empty, with its URL. */
async function startStore(port = 0): Promise<{ store: Program; url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-etcd-'));
  const store = start('mini-etcd', ['-addr', `127.0.0.1:${port}`, '-data-dir', folder]);
  const url = await waitFor('mini-etcd', () => /http:\/\/127\.0\.0\.1:\d+/.exec(store.stdout + store.stderr)?.[0]);
  return { store, url };
}

async function startEmbedded(dir: Confdir, ...more: string[]): Promise<{ agent: Program; url: string }> {
  const args = ['-watch', '-backend', 'embedded', '-listen', '127.0.0.1:0', '-confdir', dir.root, ...more];
  const agent = start('confd', args);
  const url = await waitFor('the embedded store', () => /http:\/\/127\.0\.0\.1:\d+/.exec(agent.stderr)?.[0]);
  return { agent, url };
}

async function put(url: string, key: string, value: string): Promise<void> {
  await fetch(`${url}/v2/keys${key}`, { method: 'PUT', body: new URLSearchParams({ value }) });
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const says = (path: string, text: string) =>
  waitFor(
    `${path} to say ${JSON.stringify(text)}, it says ${JSON.stringify(content(path))}`,
    () => content(path) === text,
  );
const list = '{{range gets "/app/*"}}{{.Key}}={{.Value}};{{end}}';

describe('watch on the embedded store', () => {
  test('a change, a deletion and an expiry reach the file', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    const { url, agent } = await startEmbedded(dir);
    await says(dest, '');
    await put(url, '/app/a', '1');
    await says(dest, '/app/a=1;');
    await put(url, '/app/b', 'zwölf');
    await says(dest, '/app/a=1;/app/b=zwölf;');
    await fetch(`${url}/v2/keys/app/a`, { method: 'DELETE' });
    await says(dest, '/app/b=zwölf;');
    await fetch(`${url}/v2/keys/app/c`, { method: 'PUT', body: new URLSearchParams({ value: 'x', ttl: '1' }) });
    await says(dest, '/app/b=zwölf;/app/c=x;');
    await says(dest, '/app/b=zwölf;');
    expect((await agent.stop()).code).toBe(0);
    expect(agent.log).toContain('INFO Captured terminated. Exiting...');
  });

  test('with a -data-dir the keys are there after kill -9', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    const first = await startEmbedded(dir, '-data-dir', dir.path('data'));
    await put(first.url, '/app/a', 'kept');
    await says(dest, '/app/a=kept;');
    first.agent.kill('SIGKILL');
    await first.agent.ended;
    rmSync(dest);
    await startEmbedded(dir, '-data-dir', dir.path('data'));
    await says(dest, '/app/a=kept;');
  });

  test('a reload that fails is owed and made up for', async () => {
    const dir = new Confdir();
    const dest = dir.resource(
      'x',
      list,
      ['/app'],
      `reload_cmd = "test -e ${dir.path('fixed')} && echo done >> ${dir.path('reloads')}"`,
    );
    const { agent } = await startEmbedded(dir);
    await waitFor('the failed reload', () => agent.log.includes('ERROR exit status 1'));
    expect(content(dest)).toBe('');
    writeFileSync(dir.path('fixed'), '');
    await says(dir.path('reloads'), 'done\n');
  });

  test('SIGTERM during a reload lets it finish', async () => {
    const dir = new Confdir();
    dir.resource('x', list, ['/app'], `reload_cmd = "touch ${dir.path('began')}; sleep 1; touch ${dir.path('ended')}"`);
    const { agent } = await startEmbedded(dir);
    await waitFor('the reload', () => existsSync(dir.path('began')));
    const { code } = await agent.stop();
    expect(code).toBe(0);
    expect(existsSync(dir.path('ended'))).toBe(true);
  });

  test('a burst makes few passes, and its last value is the file’s', async () => {
    const dir = new Confdir();
    const dest = dir.resource(
      'x',
      '{{getv "/app/a" "none"}}',
      ['/app'],
      `reload_cmd = "echo >> ${dir.path('reloads')}"`,
    );
    const { url } = await startEmbedded(dir);
    await says(dest, 'none');
    await Promise.all(Array.from({ length: 100 }, (_, i) => put(url, '/app/a', `v${i}`)));
    await put(url, '/app/a', 'last');
    await says(dest, 'last');
    expect(readFileSync(dir.path('reloads'), 'utf8').length).toBeLessThan(100);
  });

  test('edits of templates and conf.d are picked up', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'one', []);
    const { agent } = await startEmbedded(dir);
    await says(dest, 'one');
    await new Promise((resolve) => setTimeout(resolve, 300));
    dir.write('templates/x.tmpl', 'two');
    await says(dest, 'two');
    const second = dir.resource('y', 'new', []);
    await says(second, 'new');
    dir.write('conf.d/broken.toml', 'oops');
    await waitFor('the error', () => agent.log.some((line) => /ERROR .*broken\.toml/.test(line)));
    dir.write('templates/y.tmpl', 'still here');
    await says(second, 'still here');
  });

  test('SIGHUP reads confd.toml again', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    dir.write('confd.toml', `prefix = ""\n`);
    const { url, agent } = await startEmbedded(dir, '-config-file', dir.path('confd.toml'));
    await put(url, '/app/a', '1');
    await put(url, '/blue/app/a', '2');
    await says(dest, '/app/a=1;');
    dir.write('confd.toml', 'prefix = "/blue"\n');
    agent.kill('SIGHUP');
    await says(dest, '/app/a=2;');
    appendFileSync(dir.path('confd.toml'), 'oops\n');
    agent.kill('SIGHUP');
    await waitFor('the error', () => agent.log.some((line) => /ERROR .*confd\.toml/.test(line)));
    await put(url, '/blue/app/a', '3');
    await says(dest, '/app/a=3;');
  });
});

describe('on an etcd over HTTP', () => {
  test('onetime with a bare host:port', async () => {
    const { url } = await startStore();
    await put(url, '/app/a', '1');
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    const { code } = await start('confd', ['-onetime', '-node', url.replace('http://', ''), '-confdir', dir.root])
      .ended;
    expect(code).toBe(0);
    expect(content(dest)).toBe('/app/a=1;');
  });

  test('a store that is away at start and goes away later is waited for', async () => {
    const { store, url } = await startStore();
    await store.stop();
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    const agent = start('confd', ['-watch', '-node', url, '-confdir', dir.root]);
    await waitFor('the error', () => agent.log.some((line) => line.startsWith('ERROR ')));
    expect(existsSync(dest)).toBe(false);
    const port = Number(new URL(url).port);
    const second = await startStore(port);
    await put(url, '/app/a', '1');
    await says(dest, '/app/a=1;');
    // The store comes back empty: its history and its counter are new.
    await second.store.stop();
    await startStore(port);
    await put(url, '/app/b', '2');
    await says(dest, '/app/b=2;');
  });

  test('onetime exits 1 when the store is away', async () => {
    const dir = new Confdir();
    dir.resource('x', list, ['/app']);
    const { code, stderr } = await start('confd', ['-onetime', '-node', '127.0.0.1:1', '-confdir', dir.root]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/FATAL .*127\.0\.0\.1:1/);
  });

  test('interval mode repairs a file that was edited by hand', async () => {
    const { url } = await startStore();
    await put(url, '/app/a', '1');
    const dir = new Confdir();
    const dest = dir.resource('x', list, ['/app']);
    start('confd', ['-interval', '1', '-node', url, '-confdir', dir.root]);
    await says(dest, '/app/a=1;');
    rmSync(dest);
    await says(dest, '/app/a=1;');
  });
});

test('watch on a backend that cannot watch renders at once and says so', async () => {
  const dir = new Confdir();
  const dest = dir.resource('x', '{{getv "/app"}}', ['/app']);
  const agent = start('confd', ['-watch', '-backend', 'env', '-confdir', dir.root], { APP: 'here' });
  await says(dest, 'here');
  const warning = 'WARNING Watch is not supported for backend env';
  await waitFor(`the log to say ${warning}`, () => agent.log.some((line) => line.startsWith(warning)));
});
