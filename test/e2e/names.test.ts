import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Confdir, confd, logOf, Program, waitFor } from '../helpers/confd.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';

// A selector that selects nothing is worst where the template has a default: a wrong file is written, and nobody hears.

test.each([
  ['["MYAPP_DB_URL"]', ''],
  ['["/MYAPP/DB"]', ''],
  ['["/myapp_db"]', ''],
  ['["/url"]', 'prefix = "/MYAPP/db"'],
  ['["/url"]', 'prefix = "myapp_db"'],
])('env: keys = %s %s', async (keys, more) => {
  const dir = new Confdir();
  const dest = dir.resource(
    'x',
    '{{getv "/myapp/db/url" "wrong"}} {{ls "/myapp/db"}}',
    JSON.parse(keys) as string[],
    more,
  );
  const { code } = await confd(['-onetime', '-backend', 'env', '-confdir', dir.root], { MYAPP_DB_URL: 'right' });
  expect([code, readFileSync(dest, 'utf8')]).toEqual([0, 'right [url]']);
});

test('env: two variables that are one key are told of', async () => {
  const dir = new Confdir();
  const dest = dir.resource('x', '{{getv "/a/b"}}', ['/a']);
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root];
  const { stderr } = await confd(args, { A__B: '2', A_B: '1' });
  expect(readFileSync(dest, 'utf8')).toBe('1');
  expect(logOf(stderr).filter((line) => line.startsWith('WARNING'))).toEqual([
    `WARNING ${dir.path('conf.d/x.toml')}: "A_B" and "A__B" in the store are the same key, "/a/b": the value of "A_B" is used`,
  ]);
});

test('etcd v3: unclean names are found at the start, and followed', async () => {
  const server = await Etcd3Server.start();
  server.put('/shop//db/url', 'u');
  server.put('/shop/mode/', 'm');
  const dir = new Confdir();
  const dest = dir.resource(
    'x',
    '{{getv "/db/url" "none"}} {{getv "/mode" "none"}} {{ls "/"}}',
    ['/'],
    'prefix = "/shop"',
  );
  const agent = new Program('confd', ['-watch', '-backend', 'etcdv3', '-node', server.url, '-confdir', dir.root]);
  const becomes = (text: string) =>
    waitFor(text, () => {
      try {
        return readFileSync(dest, 'utf8') === text;
      } catch {
        return false;
      }
    });
  await becomes('u m [mode]');
  server.put('/shop//db/url', 'u2');
  await becomes('u2 m [mode]');
  server.put('/shop/mode', 'plain');
  await becomes('u2 plain [mode]');
  server.remove('/shop/mode');
  await becomes('u2 m [mode]');
  server.remove('/shop//db/url');
  await becomes('none m [mode]');
  expect(agent.log.filter((line) => line.startsWith('WARNING'))).toEqual([
    `WARNING ${dir.path('conf.d/x.toml')}: "/shop/mode" and "/shop/mode/" in the store are the same key, "/mode": the value of "/shop/mode" is used`,
  ]);
  expect((await agent.stop()).code).toBe(0);
  await server.close();
});

test('a key that the resource does not ask for is told from one that is not there', async () => {
  const dir = new Confdir();
  dir.resource('x', '{{getv "/app/db/port"}}', ['/app/db/host', '/cache']);
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root];
  const lines = async () => logOf((await confd(args, { APP_DB_HOST: 'h', APP_DB_PORT: '1' })).stderr);
  expect((await lines()).join('\n')).toContain(
    '^ that key is outside keys = ["/app/db/host", "/cache"]; did you mean "/app/db/host"?',
  );
  dir.resource('x', '{{getv "/db/port"}}', ['/db/host'], 'prefix = "/app"');
  expect((await lines()).join('\n')).toContain('that key is outside keys = ["/db/host"] below "/app"');
  dir.resource('x', '{{getv "/app/db/prot"}}', ['/APP_DB']);
  const inside = (await lines()).join('\n');
  expect(inside).not.toContain('outside');
  expect(inside).toContain('did you mean "/app/db/port"?');
});

test('the log names the stores that are asked, and no others', async () => {
  const dir = new Confdir();
  dir.write('store.yaml', 'k: v\n');
  dir.resource('x', '{{getv "/k"}}', ['/k'], `[backend]\nbackend = "file"\nfile = ["${dir.path('store.yaml')}"]`);
  const own = await confd(['-onetime', '-confdir', dir.root]);
  expect(own.code).toBe(0);
  expect(own.stderr.match(/source\(s\) set to .*/g)).toEqual([`source(s) set to ${dir.path('store.yaml')}`]);
  const global = await confd(['-onetime', '-confdir', dir.root, '-backend', 'env']);
  expect(global.stderr.match(/source\(s\) set to .*/g)).toEqual([`source(s) set to ${dir.path('store.yaml')}`]);
});
