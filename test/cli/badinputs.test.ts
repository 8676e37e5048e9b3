import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Program } from '../helpers/confd.ts';
import { serve, type Served } from '../helpers/mini-etcd.ts';

// What people get wrong: each is answered with one line that names the file, the line or the flag, and exit code 1.

const root = mkdtempSync(join(tmpdir(), 'badinputs-'));
const at = (name: string) => join(root, name);
const certs = join(import.meta.dirname, '../helpers/certs');
let served: Served;

beforeAll(async () => {
  served = await serve();
  writeFileSync(at('file'), 'x\n');
  for (const name of ['empty', 'full', 'meta/META', 'wal', 'etcd3/member', 'empty/conf.d'])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at('full/x'), '');
  writeFileSync(at('wal/wal'), '');
  symlinkSync('nowhere/at/all', at('dangling'));
  symlinkSync('loop', at('loop'));
});
afterAll(async () => {
  await served.server.close();
  rmSync(root, { recursive: true });
});

/** Words of a command line: @name is a file of this test, ^name a certificate, PORT a port that is taken. */
const words = (line: string) =>
  line.split(' ').map((word) =>
    word
      .replace(/@(?=[\w/])/g, `${root}/`)
      .replace(/^\^/, `${certs}/`)
      .replace('PORT', String(served.port)),
  );

async function expectOneLine(program: string, line: string, says: string): Promise<void> {
  const { code, stdout, stderr } = await new Program(program, words(line)).ended;
  const lines = stderr.split('\n').filter((text) => text !== '' && !/ INFO /.test(text));
  expect({ code, stdout, lines }).toEqual({
    code: 1,
    stdout: '',
    lines: [expect.stringContaining(words(says).join(' '))],
  });
}

test.each([
  ['-data-dir /proc/nope', 'data directory /proc/nope: cannot be made: '],
  ['-data-dir @file', 'data directory @file: cannot be used: it is not a directory'],
  ['-data-dir @file/below', 'data directory @file/below: cannot be made: it is not a directory'],
  ['-data-dir @dangling', 'data directory @dangling: cannot be made: it is not a directory'],
  ['-data-dir @loop', 'data directory @loop: cannot be made: too many levels of symbolic links'],
  [`-data-dir @${'x'.repeat(300)}`, 'file name too long'],
  ['-data-dir @meta', 'data directory @meta: cannot be used: '],
  ['-data-dir @wal', 'data directory @wal: cannot be used: @wal/wal: it is not a directory'],
  ['-data-dir @etcd3', 'data directory @etcd3: it belongs to an etcd 2 or 3'],
  ['-in-memory -addr nonsense', '-addr: nonsense is not host:port'],
  ['-in-memory -addr 127.0.0.1:70000', '-addr: 127.0.0.1:70000 is not host:port'],
  ['-in-memory -addr 127.0.0.1:PORT', 'cannot listen on 127.0.0.1:PORT: another program already listens there'],
  ['-in-memory -addr 192.0.2.1:4001', 'cannot listen on 192.0.2.1:4001: this machine has no such address'],
  ['-in-memory -addr no.such.host.invalid:1', 'cannot listen on no.such.host.invalid:1: no such host'],
  ['-in-memory -bind-addr 127.0.0.1:0,127.0.0.1:PORT', 'cannot listen on 127.0.0.1:PORT'],
  ['-in-memory -listen-client-urls http://127.0.0.1', '-listen-client-urls: http://127.0.0.1 is not http://host:port'],
  ['-in-memory -advertise-client-urls nonsense', '-advertise-client-urls: nonsense is not http://host:port'],
  ['frobnicate', 'unexpected argument: frobnicate; mini-etcd takes only flags, or one of the commands backup, check,'],
  ['-bogus', 'flag provided but not defined: -bogus; mini-etcd -h lists the flags'],
  ['-name', 'flag needs an argument: -name'],
  ['-in-memory -cert-file /nowhere -key-file ^server.key', 'cannot read the certificate file /nowhere: no such file'],
  ['-in-memory -cert-file @empty -key-file ^server.key', 'cannot read the certificate file @empty: is a directory'],
  ['-in-memory -cert-file ^server.pem -key-file ^client.key', 'client.key cannot be used: it does not match'],
  ['-in-memory -cert-file ^server.key -key-file ^server.key', 'server.key cannot be used: it is not PEM'],
  ['-in-memory -cert-file ^server.pem -key-file ^server.key -ca-file @file', 'the CA file @file holds no PEM'],
  ['-config @nowhere', 'open @nowhere: no such file or directory'],
  ['-config @empty', 'read @empty: is a directory'],
])('mini-etcd %s', (line, says) => expectOneLine('mini-etcd', line, says));

test.each([
  ['addr = \n', 'toml: line 1: '],
  ['name = "a"\nname = "b"\n', "toml: line 2: Can't redefine existing key"],
  ['[peer]\naddr = "a:1"\n[peer]\naddr = "a:1"\n', "toml: line 3: Can't redefine existing key"],
  ['# a\nname = 5\n', 'toml: line 2 (last key "name"): incompatible types'],
  ['http_read_timeout = -1\n', ':1: http_read_timeout: -1 is not a number above 0'],
  ['\xff\xfe\n', 'toml: line 1: invalid UTF-8 byte'],
  ['name: yaml\n', 'toml: line 1: '],
])('mini-etcd -config: %j', async (text, says) => {
  writeFileSync(at('conf'), text, 'latin1');
  await expectOneLine('mini-etcd', '-in-memory -config @conf', says);
});

test.each([
  ['export -url nonsense', '-url nonsense: not http://host:port'],
  ['export -url http://127.0.0.1:1', 'request to http://127.0.0.1:1 failed: no program listens there'],
  ['export -url http://127.0.0.1:PORT -file @empty', '@empty: is a directory'],
  ['export -url http://127.0.0.1:PORT -file /nowhere/x', '/nowhere/x: no such file or directory'],
  ['export -url http://127.0.0.1:PORT -key none', 'refuses to list /none: 404 '],
  ['export -url http://127.0.0.1:PORT -ca-file ^ca.pem', '-url http://127.0.0.1:PORT: certificates need https://'],
  ['export -url https://127.0.0.1:PORT -ca-file /nowhere', '/nowhere'],
  ['export -url https://127.0.0.1:PORT -cert-file ^client.pem', '-cert-file and -key-file must be given together'],
  ['export -timeout soon', '-timeout: soon is not a number above 0'],
  ['import -file /nowhere', '/nowhere: no such file or directory'],
  ['import -file @empty', '@empty: is a directory'],
  ['import -file @file', '@file: line 1: neither JSON nor a list of keys'],
  ['import extra', 'unexpected argument: extra'],
  ['check -data-dir @nowhere', '@nowhere: no such directory'],
  ['check -data-dir @file', '@file: it is not a directory'],
  ['check -data-dir @empty', '@empty: not a data directory of mini-etcd'],
  ['check -data-dir', 'flag needs an argument: -data-dir'],
  ['backup -data-dir @nowhere -backup-dir @new', '@nowhere: no such directory'],
  ['restore -data-dir @new -backup-dir @nowhere', '@nowhere: no such directory'],
])('mini-etcd %s', (line, says) => expectOneLine('mini-etcd', line, says));

test.each([
  ['-listen nonsense', 'listen: "nonsense" is not an address: expected host:port'],
  ['-listen 127.0.0.1:70000', 'listen: "127.0.0.1:70000" is not an address'],
  ['-listen 127.0.0.1:PORT', 'cannot listen on 127.0.0.1:PORT: another program already listens there'],
  ['-data-dir /proc/nope', 'data directory /proc/nope: cannot be made: '],
  ['-data-dir @file', 'data directory @file: cannot be used: it is not a directory'],
])('confd %s', (line, says) =>
  expectOneLine('confd', `-onetime -backend embedded -confdir @empty -listen 127.0.0.1:0 ${line}`, says),
);

describe('copies', () => {
  beforeAll(async () => {
    const program = new Program('mini-etcd', words('-data-dir @data -addr 127.0.0.1:0'));
    while (!program.stderr.includes('listening')) await new Promise((resolve) => setTimeout(resolve, 10));
    await program.stop();
  });

  test.each([
    ['@full', '@full: is not empty; name a new directory'],
    ['@file', '@file: cannot be used: it is not a directory'],
    ['/proc/nope', '/proc/nope: cannot be used: no such file or directory'],
    ['@data', '@data: is inside @data'],
    ['@data/below', '@data/below: is inside @data'],
  ])('are not made in %s', async (to, says) => {
    await expectOneLine('mini-etcd', `backup -data-dir @data -backup-dir ${to}`, says);
    if (to !== '@data/below') await expectOneLine('mini-etcd', `restore -data-dir ${to} -backup-dir @data`, says);
  });
});

/** As an ordinary user, since root may do anything. */
const ordinary = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const canDrop = process.getuid?.() === 0 && works('setpriv', [...ordinary, process.execPath, '-v']);

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

(canDrop ? describe : describe.skip)('an ordinary user (skipped where this one cannot become one)', () => {
  const bin = join(import.meta.dirname, '../../bin/mini-etcd');
  beforeAll(() => {
    chmodSync(root, 0o755);
    mkdirSync(at('others'), { mode: 0o700 });
  });

  test.each([
    ['-data-dir @others', 'data directory @others: cannot be used: permission denied'],
    ['-data-dir @others/below', 'data directory @others/below: cannot be made: permission denied'],
    ['check -data-dir @others', '@others: permission denied'],
    ['-in-memory -addr 127.0.0.1:80', 'cannot listen on 127.0.0.1:80: permission denied'],
  ])('%s', (line, says) => {
    const run = () => execFileSync('setpriv', [...ordinary, process.execPath, bin, ...words(line)], { stdio: 'pipe' });
    expect(run).toThrow(expect.objectContaining({ status: 1, stderr: expect.anything() }));
    expect(run).toThrow(words(says).join(' '));
  });
});

test.each([
  ['rw,size=64k', true, 'no space left on the disk'],
  ['ro,size=64k', false, 'the file system is read-only'],
])('a file system that is %s (skipped where it cannot be mounted)', async (options, isFilled, says) => {
  const mount = at('mount');
  mkdirSync(mount, { recursive: true });
  if (!works('mount', ['-t', 'tmpfs', '-o', options, 'none', mount])) return;
  try {
    if (isFilled)
      expect(() => {
        writeFileSync(join(mount, 'ballast'), Buffer.alloc(128 * 1024));
      }).toThrow('ENOSPC');
    await expectOneLine(
      'mini-etcd',
      '-data-dir @mount -addr 127.0.0.1:0',
      `data directory @mount: cannot be used: ${says}`,
    );
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});
