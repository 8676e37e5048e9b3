import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Program, waitFor } from '../../helpers/confd.ts';
import { freePort } from '../../helpers/port.mjs';

const scratch = () => join(mkdtempSync(join(tmpdir(), 'mini-etcd-cli-')), 'data');
const run = (...args: string[]) => new Program('mini-etcd', args).ended;

/** A server on a data directory, with some keys. */
async function serve(folder: string, ...flags: string[]) {
  const port = await freePort();
  const program = new Program('mini-etcd', ['-data-dir', folder, '-addr', `127.0.0.1:${port}`, ...flags]);
  await waitFor('the server', () => program.stderr.includes('listening'));
  const put = (key: string, value: string) =>
    fetch(`http://127.0.0.1:${port}/v2/keys${key}`, { method: 'PUT', body: new URLSearchParams({ value }) });
  const get = async (key: string) => (await fetch(`http://127.0.0.1:${port}/v2/keys${key}`)).json();
  return { program, put, get };
}

test.each([
  [['check', '-data-dir', '/nowhere/at/all'], 'mini-etcd check: /nowhere/at/all: no such directory\n'],
  [['backup', '-data-dir', '/tmp'], 'mini-etcd backup: -backup-dir is needed\n'],
  [['restore', '-data-dir', 'x', '-backup-dir', 'y', 'z'], 'mini-etcd restore: unexpected argument: z\n'],
])('%j: one line, exit 1', async (args, stderr) => {
  expect(await run(...args)).toEqual({ code: 1, stdout: '', stderr });
});

describe('without -data-dir, the folder that a server started here keeps', () => {
  const at = (cwd: string, env: Record<string, string>, ...args: string[]) =>
    new Program('mini-etcd', args, env, { cwd }).ended;

  test.each([
    ['by default', {}, 'default.etcd'],
    ['with a name', { ETCD_NAME: 'one' }, 'one.etcd'],
    ['with a directory', { ETCD_DATA_DIR: 'kept/here' }, 'kept/here'],
  ])('%s', async (_what, env, folder) => {
    const cwd = mkdtempSync(join(tmpdir(), 'mini-etcd-cli-'));
    const missing = `${folder}: no such directory (use -data-dir to name another one)\n`;
    expect(await at(cwd, env, 'check')).toEqual({ code: 1, stdout: '', stderr: `mini-etcd check: ${missing}` });
    expect(await at(cwd, env, 'backup', '-backup-dir', 'copy')).toMatchObject({
      code: 1,
      stderr: `mini-etcd backup: ${missing}`,
    });
    const port = await freePort();
    const server = new Program('mini-etcd', ['-addr', `127.0.0.1:${port}`], env, { cwd });
    await waitFor('the server', () => server.stderr.includes('listening'));
    await fetch(`http://127.0.0.1:${port}/v2/keys/a`, { method: 'PUT', body: new URLSearchParams({ value: '1' }) });
    expect((await at(cwd, env, 'check')).stdout).toMatch(`${folder}: ok: 1 key or directory`);
    expect((await at(cwd, env, 'backup', '-backup-dir', 'copy')).stdout).toMatch(
      `${folder}: backed up to copy: 1 key or directory`,
    );
    server.kill('SIGTERM');
    await server.ended;
    expect((await at(cwd, env, 'restore', '-backup-dir', 'copy')).stderr).toContain(`${folder}: is not empty`);
  });

  test('none where nothing is kept, and what is wrong with the settings', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'mini-etcd-cli-'));
    const none = await at(cwd, { ETCD_IN_MEMORY: '1' }, 'check');
    expect(none).toEqual({
      code: 1,
      stdout: '',
      stderr: 'mini-etcd check: -data-dir is needed: a server started here keeps no data\n',
    });
    const bad = await at(cwd, { ETCD_SNAPSHOT_COUNT: 'x' }, 'check');
    expect(bad).toEqual({ code: 1, stdout: '', stderr: 'mini-etcd: ETCD_SNAPSHOT_COUNT: x is not a number above 0\n' });
  });
});

test('a live directory is backed up, checked and restored', async () => {
  const [data, backup, again] = [scratch(), scratch(), scratch()];
  const { program, put } = await serve(data);
  await put('/a', '1');
  await put('/d/b', '2');
  const counts = '3 keys and directories, index 5';
  expect(await run('backup', '-data-dir', data, '-backup-dir', backup)).toEqual({
    code: 0,
    stdout: `${data}: backed up to ${backup}: ${counts}, 1 log segment, 1 snapshot\n`,
    stderr: '',
  });
  const checked = await run('check', '-data-dir', data);
  expect(checked).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/: ok: 3 keys .*; in use by pid \d+ \(started .*\)\n$/),
  });
  expect((await run('restore', '-backup-dir', backup, '-data-dir', data)).stderr).toContain('is not empty');
  expect(await run('restore', '-backup-dir', backup, '-data-dir', again)).toMatchObject({ code: 0, stderr: '' });
  program.kill('SIGTERM');
  await program.ended;
  const restored = await serve(again);
  expect(await restored.get('/d/b')).toMatchObject({ node: { value: '2', modifiedIndex: 5 } });
  restored.program.kill('SIGTERM');
  await restored.program.ended;
});

test('F13: a second process is told who holds the directory, exit 1; after kill -9 it may have it', async () => {
  const data = scratch();
  const { program, put } = await serve(data);
  await put('/a', '1');
  const second = await run('-data-dir', data, '-addr', `127.0.0.1:${await freePort()}`);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/ERROR data directory \S+ is in use by pid \d+ \(started \S+\)\n$/);
  program.kill('SIGKILL');
  await program.ended;
  const third = await serve(data);
  expect(await third.get('/a')).toMatchObject({ node: { value: '1' } });
  third.program.kill('SIGTERM');
  expect(await third.program.ended).toMatchObject({ code: 0 });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'F19: %s under load: exit 0, and every answered write is there',
  async (signal) => {
    const data = scratch();
    const { program, put } = await serve(data);
    const answered: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, id) => {
      for (let n = 0; ; n++) {
        if ((await put(`/${id}/${n}`, 'x')).status === 201) answered.push(`/${id}/${n}`);
      }
    });
    await waitFor('some writes', () => answered.length > 50);
    program.kill(signal);
    await Promise.allSettled(writers);
    expect(await program.ended).toMatchObject({ code: 0 });
    const again = await serve(data);
    for (const key of answered) expect(await again.get(key)).toMatchObject({ node: { value: 'x' } });
    again.program.kill('SIGTERM');
    await again.program.ended;
  },
);

test('damage: refused with file and offset, exit 1; the rest can be saved', async () => {
  const data = scratch();
  const { program, put } = await serve(data);
  for (const value of ['one', 'two', 'three']) await put(`/${value}`, value);
  program.kill('SIGTERM');
  await program.ended;
  const segment = join(data, 'wal', readdirSync(join(data, 'wal'))[0]!);
  const bytes = readFileSync(segment);
  bytes[bytes.lastIndexOf('two')]! ^= 1;
  writeFileSync(segment, bytes);
  const { code, stderr } = await run('-data-dir', data, '-addr', `127.0.0.1:${await freePort()}`);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`${segment}: offset `) });
  const saved = await run('backup', '-truncate-at-corruption', '-data-dir', data, '-backup-dir', scratch());
  expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining('1 key or directory') });
});

const hasStrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

describe('F11', () => {
  (hasStrace ? test : test.skip)('a sync that fails: no answer of success, exit 1', async () => {
    const data = scratch();
    const { program, put } = await serve(data);
    await put('/before', 'x');
    program.kill('SIGTERM');
    await program.ended;
    const port = await freePort();
    const bin = join(import.meta.dirname, '../../../bin/mini-etcd');
    const inject = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=fdatasync',
      '-e',
      'inject=fdatasync:error=EIO:when=2+',
    ];
    const flags = ['-data-dir', data, '-addr', `127.0.0.1:${port}`];
    // strace counts by thread.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    const child = spawn('strace', [...inject, process.execPath, bin, ...flags], { env });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ended = once(child, 'close');
    await waitFor('the server', () => log.includes('listening'));
    const body = new URLSearchParams({ value: 'x' });
    const ask = () => fetch(`http://127.0.0.1:${port}/v2/keys/lost`, { method: 'PUT', body });
    let answer = await ask();
    for (let n = 0; n < 3 && answer.ok; n++) answer = await ask();
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ errorCode: 300, cause: 'write-ahead log: EIO: i/o error' });
    expect((await ended)[0]).toBe(1);
    expect(log).toContain('the state of the data on disk is not known any more; stopping');
  });
});

test('F20: no descriptor is left: clients wait or are refused, changes go on and are kept', async () => {
  const [data, port] = [scratch(), await freePort()];
  const bin = join(import.meta.dirname, '../../../bin/mini-etcd');
  const flags = ['-data-dir', data, '-addr', `127.0.0.1:${port}`, '-snapshot-count', '5'];
  const child = spawn('sh', ['-c', 'ulimit -n 60; exec "$@"', 'sh', process.execPath, bin, ...flags]);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, 'close');
  await waitFor('the server', () => log.includes('listening'));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const put = (n: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const call = request({ port, agent, method: 'PUT', path: `/v2/keys/${n}`, headers }, (answer) => {
        answer.resume().on('end', () => {
          resolve(answer.statusCode);
        });
      });
      call.on('error', reject).end('value=x');
    });
  expect(await put(0)).toBe(201);
  const crowd = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await waitFor('the crowd', () => crowd.every(({ connecting }) => !connecting));
  for (const socket of crowd) socket.write('GET /v2/keys/w?wait=true HTTP/1.1\r\nHost: x\r\n\r\n');
  // Connections are taken one by one: sooner or later there is no descriptor for a snapshot.
  const warning = 'snapshot not written, the log is kept instead: too many open files';
  for (let n = 1; n <= 30 || !log.includes(warning); n++) {
    expect(await put(n)).toBe(201);
    // A snapshot that was under way while the crowd came has given its descriptors back: somebody must take them.
    crowd.push(connect(port, '127.0.0.1').on('error', () => undefined));
  }
  for (const socket of crowd) socket.destroy();
  agent.destroy();
  child.kill('SIGKILL');
  await ended;
  const again = await serve(data);
  for (const n of [0, 1, 30]) expect(await again.get(`/${n}`)).toMatchObject({ node: { value: 'x' } });
  await again.program.stop();
});
