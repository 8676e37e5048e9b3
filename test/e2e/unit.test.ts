import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Confdir } from '../helpers/confd.ts';

// packaging/confd.service, as far as it can be tried without a systemd that runs.

const root = join(import.meta.dirname, '../..');
const path = join(root, 'packaging/confd.service');
const settings = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => /^\w+=/.test(line))
  .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
const all = (name: string) => settings.filter(([key]) => key === name).map(([, value]) => value);

/** Runs what ExecStart says, as systemd does: the variable is split at spaces, the program is where PATH says. */
function execStart(options: string): number | null {
  const confdir = new Confdir();
  confdir.resource('a', '{{getv "/app/x"}}', ['/app']);
  const words = all('ExecStart')[0]!.split(' ');
  const given = `${options} -backend env -confdir ${confdir.root}`.trim().split(' ');
  const args = words.slice(1).flatMap((word) => (word === '$CONFD_OPTS' ? given : [word]));
  const PATH = [join(root, 'bin'), dirname(process.execPath)].join(delimiter);
  return spawnSync(words[0]!, args, {
    env: { PATH, APP_X: 'one', CONFD_STATE_DIR: join(tmpdir(), 'confd-state') },
    timeout: 60_000,
  }).status;
}

describe('what it starts', () => {
  test('is found on the PATH, watches, and takes flags', () => {
    expect(all('ExecStart')).toEqual(['/usr/bin/env confd -watch $CONFD_OPTS']);
    expect(execStart('-onetime')).toBe(0);
  });

  test('can be told to poll, as its comment says', () => {
    expect(readFileSync(path, 'utf8')).toContain('CONFD_OPTS=-watch=false -interval 60');
    expect(execStart('-watch=false -interval 60 -onetime')).toBe(0);
  });

  test('a wrong flag ends with the status that is not tried again', () => {
    expect(all('RestartPreventExitStatus')).toEqual([String(execStart('-no-such-flag'))]);
  });

  test('the files with flags need not be there', () => {
    expect(all('EnvironmentFile')).toEqual(['-/etc/default/confd', '-/etc/sysconfig/confd']);
  });
});

describe('what is taken from the commands', () => {
  const needed: readonly (readonly [string, string])[] = [
    ['nginx -t, haproxy: a port below 1024', 'CAP_NET_BIND_SERVICE'],
    ['nginx, apache2ctl, runuser: another user', 'CAP_SETUID'],
    ['the same: its groups', 'CAP_SETGID'],
    ['haproxy, unbound, sshd: a root of their own', 'CAP_SYS_CHROOT'],
    ['nginx, haproxy: more open files', 'CAP_SYS_RESOURCE'],
    ['nft, ip, keepalived', 'CAP_NET_ADMIN'],
    ['keepalived, ping', 'CAP_NET_RAW'],
    ['sysctl, mount', 'CAP_SYS_ADMIN'],
    ['runuser, sudo: the audit log', 'CAP_AUDIT_WRITE'],
    ['kill of another user’s process', 'CAP_KILL'],
    ['owner and mode of dests', 'CAP_CHOWN'],
    ['mode of another user’s dest', 'CAP_FOWNER'],
    ['files of other users', 'CAP_DAC_OVERRIDE'],
  ];
  test.each(needed)('not what %s needs', (_what, capability) => {
    const [bounds] = all('CapabilityBoundingSet');
    expect(bounds).toMatch(/^~/);
    expect(bounds!.slice(1).split(' ')).not.toContain(capability);
  });

  const absent: readonly (readonly [string, string])[] = [
    ['PrivateTmp', 'dests and sockets in /tmp'],
    ['ProtectKernelTunables', 'sysctl --system'],
    ['MemoryDenyWriteExecute', 'Node'],
    ['PrivateNetwork', 'stores'],
  ];
  test.each(absent)('no %s: %s', (name) => {
    expect(all(name)).toEqual([]);
  });

  test('/etc can be written', () => {
    expect(all('ProtectSystem')).toEqual(['yes']);
  });
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
(hasAnalyze ? test : test.skip)('systemd-analyze verify finds nothing', () => {
  const copy = join(mkdtempSync(join(tmpdir(), 'unit-')), 'confd.service');
  copyFileSync(path, copy);
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' });
  expect([status, stdout + stderr]).toEqual([0, '']);
});
