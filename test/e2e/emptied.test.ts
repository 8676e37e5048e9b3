import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/obs/clock.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { Confdir, Program, waitFor } from '../helpers/confd.ts';
import { freePort } from '../helpers/port.mjs';

// A store that is wiped and started again behind a watching confd.

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

/** A store at a port, in memory: ended and started again it is empty. */
async function store(port: number) {
  const server = new MiniEtcd(systemClock);
  await server.listen([{ host: '127.0.0.1', port }]);
  running.push({ stop: () => server.close() });
  return server;
}

async function put(port: number, key: string, value: string): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/v2/keys${key}`, { method: 'PUT', body: new URLSearchParams({ value }) });
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const says = (path: string, text: string) => waitFor(`${path} to say ${text}`, () => content(path) === text);

async function start() {
  const dir = new Confdir();
  const port = await freePort();
  const files = {
    usual: dir.resource('usual', '{{range getvs "/app/*"}}{{.}}{{end}}.', ['/app']),
    never: dir.resource('never', '{{range getvs "/app/*"}}{{.}}{{end}}.', ['/app'], 'allow_empty = false'),
    two: dir.resource('two', '{{range getvs "/app/*"}}{{.}}{{end}}.', ['/app'], 'min_keys = 2'),
    other: dir.resource('other', '{{getv "/other" "none"}}', ['/other']),
  };
  const first = await store(port);
  for (const key of ['/app/1', '/app/2', '/app/3']) await put(port, key, '1');
  const confd = new Program('confd', ['-watch', '-node', `127.0.0.1:${port}`, '-confdir', dir.root]);
  running.push(confd);
  for (const file of [files.usual, files.never, files.two]) await says(file, '111.');
  await waitFor('the watch', () => confd.stderr.includes(`${files.other} has been updated`));
  const restart = async () => {
    await first.close();
    return store(port);
  };
  return { port, files, confd, restart };
}

describe('a store that comes back empty', () => {
  test('keeps every file until a second read, and then those that want keys', async () => {
    const { port, files, confd, restart } = await start();
    await restart();
    const doubt = (line: string) => line.includes('has lost all keys at /app');
    await waitFor('the doubt', () => confd.log.filter(doubt).length === 3);
    expect([content(files.usual), content(files.never), content(files.two)]).toEqual(['111.', '111.', '111.']);
    await says(files.usual, '.');
    await waitFor('the reasons', () => confd.log.filter((line) => line.includes('not updated')).length === 2);
    expect([content(files.never), content(files.two)]).toEqual(['111.', '111.']);
    await put(port, '/app/1', '2');
    await says(files.never, '2.');
    expect(content(files.two)).toBe('111.');
    await put(port, '/app/2', '2');
    await says(files.two, '22.');
    expect(confd.log.filter((line) => line.startsWith('FATAL'))).toEqual([]);
  });

  test('and is filled at once: no file is ever empty', async () => {
    const { port, files, confd, restart } = await start();
    const seen = new Set<string | undefined>();
    await restart();
    await waitFor('the doubt', () => confd.stderr.includes('has lost all keys'));
    for (const key of ['/app/1', '/app/2', '/other']) await put(port, key, '3');
    await waitFor('the new keys', () => {
      for (const file of [files.usual, files.never, files.two]) seen.add(content(file));
      return content(files.other) === '3' && content(files.usual) === '33.' && content(files.two) === '33.';
    });
    expect(seen).toEqual(new Set(['111.', '33.']));
  });
});
