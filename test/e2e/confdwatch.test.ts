import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Confdir, waitFor } from '../helpers/confd.ts';

// The wrapper by itself: what stands for confd and for the service writes down how it was called.

const wrapper = join(import.meta.dirname, '../../bin/confd-watch');
const usage = spawnSync(wrapper, ['-h'], { encoding: 'utf8', timeout: 60_000 });

describe('usage', () => {
  const refused = ['-x', '-watch', '--no-such-flag'];
  test.each(refused)('%s is refused, not run', (flag) => {
    const { status, stdout, stderr } = spawnSync(wrapper, [flag], { encoding: 'utf8', timeout: 60_000 });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^confd-watch: ${flag}: no such flag; .*\n$`));
  });

  test.each(['-h', '-help', '--help'])('%s', (flag) => {
    const { status, stdout } = spawnSync(wrapper, [flag], { encoding: 'utf8', timeout: 60_000 });
    expect([status, stdout]).toEqual([0, usage.stdout]);
  });

  test('names every variable that is read, with its default', () => {
    const code = readFileSync(wrapper, 'utf8').replace(/cat <<'END'[^]*?^END$/m, '');
    const read = new Map([...code.matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name, value]) => [name!, value!]));
    expect(read.size).toBe(7);
    for (const [name, value] of read) {
      const [, text] = new RegExp(`^  ${name} ([^]*?)(?=^  [A-Z]|^$)`, 'm').exec(usage.stdout)!;
      expect(text!.trimEnd()).toMatch(value === '' ? /\(none\)$/ : new RegExp(` ${value}$`));
    }
  });
});

/** A folder with a confd that fails `failures` times, and programs that a service needs, and how they were called. */
function stage(failures = 0) {
  const folder = new Confdir();
  const record = `echo "$(basename "$0") $*" >>${folder.path('calls')}`;
  const confd = `n=$(grep -c -- -onetime ${folder.path('calls')})
case "$*" in *-onetime*) test "$n" -gt ${failures}; exit;; esac
exec sleep 1000`;
  for (const [name, body] of [
    ['confd', confd],
    ['service', ''],
    ['tail', 'exec sleep 1000'],
    ['front', 'exec sleep 1000'],
  ] as const) {
    folder.write(`bin/${name}`, `#!/bin/sh\n${record}\n${body}\n`);
    chmodSync(folder.path(`bin/${name}`), 0o755);
  }
  const calls = () =>
    existsSync(folder.path('calls')) ? readFileSync(folder.path('calls'), 'utf8').trim().split('\n') : [];
  return { folder, calls };
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>, failures = 0) {
  const { folder, calls } = stage(failures);
  const PATH = `${folder.path('bin')}:/usr/bin:/bin`;
  const child = spawn(wrapper, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const last = args.length === 0 ? /^tail /m : /^front/m;
  await waitFor('the service', () => last.test(calls().join('\n')) && calls().some((call) => / -watch /.test(call)));
  child.kill();
  await ended;
  return { lines: text.trim().split('\n'), calls: calls() };
}

describe('as the tutorial has it', () => {
  const given = '-node 172.17.42.1:4001 -config-file /etc/confd/conf.d/nginx.toml';

  test('lines and commands', async () => {
    const { lines, calls } = await run([], { CONFD_RETRY: '0' }, 1);
    expect(lines).toEqual([
      '[nginx] booting container. ETCD: 172.17.42.1:4001',
      '[nginx] waiting for confd to create initial nginx configuration',
      '[nginx] confd is now monitoring etcd for changes...',
      '[nginx] starting nginx service...',
    ]);
    expect(calls.slice(0, 2)).toEqual([`confd ${given} -onetime`, `confd ${given} -onetime`]);
    expect([...calls.slice(2)].sort()).toEqual([
      `confd ${given} -watch -interval 10`,
      'service nginx start',
      'service nginx stop',
      expect.stringMatching(/^tail -f \/var\/log\/nginx\//),
    ]);
  });

  test('HOST_IP and ETCD_PORT', async () => {
    const { lines } = await run([], { HOST_IP: '10.0.0.1', ETCD_PORT: '2379' });
    expect(lines[0]).toBe('[nginx] booting container. ETCD: 10.0.0.1:2379');
  });
});

describe('another program', () => {
  test.each([
    ['after --', ['--', 'front', '-x', 'secret']],
    ['without', ['front', 'y']],
  ])('%s: the lines name it, and not what it was given', async (_name, args) => {
    const { lines, calls } = await run(args, { CONFD_RETRY: '0' }, 1);
    expect(lines).toEqual([
      '[front] booting container. ETCD: 172.17.42.1:4001',
      '[front] waiting for confd to create initial front configuration',
      '[front] confd is now monitoring etcd for changes...',
      '[front] starting front...',
    ]);
    expect(calls).toContain(args.filter((arg) => arg !== '--').join(' '));
  });
});

test('CONFD_OPTS come last, so that they count', async () => {
  const env = { CONFD_OPTS: '-watch=false -interval 60', CONFD_INTERVAL: '5' };
  const { calls } = await run(['front'], env);
  expect(calls.filter((call) => call.startsWith('confd')).map((call) => call.replace(/^.*nginx.toml /, ''))).toEqual([
    '-watch=false -interval 60 -onetime',
    '-watch -interval 5 -watch=false -interval 60',
  ]);
});
