import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FileLedger } from '../../../src/agent/pipeline/file-ledger.ts';
import { ownTag } from '../../../src/agent/resource/process-tag.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { isRoot, scratch } from '../../helpers/pipeline.ts';

const entry = {
  dest: '/etc/app/my app.conf',
  resource: '/etc/confd/conf.d/app.toml',
  command: 'service app reload',
  md5: 'd41d8cd98f00b204e9800998ecf8427e',
  since: '2026-12-01T10:00:00.000Z',
  stops: 0,
};

function open(state: string) {
  const log = memoryLog();
  return { log, ledger: new FileLedger(state, log, systemClock) };
}

const onlyFile = (state: string): string => {
  const names = readdirSync(join(state, 'reloads'));
  expect(names).toHaveLength(1);
  return join(state, 'reloads', names[0]!);
};

describe('a damaged entry is one warning that names the file, and counts as pending', () => {
  const good = JSON.stringify({ version: 1, ...entry });
  test.each([
    ['empty', ''],
    ['cut', good.slice(0, 60)],
    ['zeros', '\0'.repeat(100)],
    ['no object', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['nested deep', '['.repeat(200_000)],
    ['of another version', JSON.stringify({ version: 2, ...entry })],
    ['of another dest', JSON.stringify({ version: 1, ...entry, dest: '/other' })],
    ['without a command', JSON.stringify({ version: 1, ...entry, command: undefined })],
    ['with a command that is none', JSON.stringify({ version: 1, ...entry, command: 7 })],
    ['with impossible stops', JSON.stringify({ version: 1, ...entry, stops: -1 })],
    ['with stops that are no number', JSON.stringify({ version: 1, ...entry, stops: '2' })],
  ])('%s', async (_name, text) => {
    using folder = scratch();
    await open(folder.path).ledger.put(entry);
    const file = onlyFile(folder.path);
    writeFileSync(file, text);
    const { ledger, log } = open(folder.path);
    expect(await ledger.find(entry.dest)).toMatchObject({ dest: entry.dest, command: '', stops: 0 });
    expect(await ledger.find(entry.dest)).not.toBeNull();
    expect(log.lines).toEqual([`WARNING ${file} is damaged: it counts as a pending reload of ${entry.dest}`]);
    await ledger.clear(entry.dest);
    expect(existsSync(file)).toBe(false);
  });

  test('a folder in its place: what cannot be removed counts once a run', async () => {
    using folder = scratch();
    const first = open(folder.path);
    await first.ledger.put(entry);
    const file = onlyFile(folder.path);
    await first.ledger.clear(entry.dest);
    mkdirSync(file);
    const { ledger, log } = open(folder.path);
    expect(await ledger.find(entry.dest)).not.toBeNull();
    await ledger.clear(entry.dest);
    expect(await ledger.find(entry.dest)).toBeNull();
    expect(log.lines).toEqual([
      expect.stringContaining(`${file} is damaged`),
      expect.stringMatching(
        /^WARNING remove .*: the next run of confd runs the reload of \/etc\/app\/my app\.conf once more$/,
      ),
    ]);
  });
});

describe('a directory that cannot be used is said once, and the entries are in memory', () => {
  const rows: readonly (readonly [string, (state: string) => void, RegExp])[] = [
    [
      'a file in its place',
      (state) => {
        writeFileSync(state, '');
      },
      /mkdir \S+: not a directory/,
    ],
    [
      'a file in the place of its folder',
      (state) => {
        mkdirSync(state);
        writeFileSync(join(state, 'reloads'), '');
      },
      /file exists|not a directory/,
    ],
    [
      'a link to nowhere',
      (state) => {
        symlinkSync('/nowhere/at/all', state);
      },
      /mkdir/,
    ],
    [
      'others may write',
      (state) => {
        mkdirSync(join(state, 'reloads'), { recursive: true });
        chmodSync(join(state, 'reloads'), 0o777);
      },
      /is writable by other users \(run chmod 700 on it\)/,
    ],
  ];
  test.each(rows)('%s', async (_name, spoil, reason) => {
    using folder = scratch();
    const state = join(folder.path, 'state');
    spoil(state);
    const { ledger, log } = open(state);
    expect(await ledger.find(entry.dest)).toBeNull();
    await ledger.put(entry);
    await ledger.put({ ...entry, dest: '/e' });
    expect(await ledger.find(entry.dest)).toMatchObject({ command: entry.command });
    expect(ledger.isDurable).toBe(false);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(reason);
    expect(log.lines[0]).toMatch(
      /^WARNING The state directory cannot be used: .*; a reload that is pending when confd ends will be lost \(-state-dir\)$/,
    );
    await ledger.clear(entry.dest);
    expect(await ledger.find(entry.dest)).toBeNull();
  });

  test('what became usable again is used', async () => {
    using folder = scratch();
    const state = join(folder.path, 'state');
    writeFileSync(state, '');
    const { ledger } = open(state);
    await ledger.put(entry);
    rmSync(state);
    await ledger.put({ ...entry, stops: 1 });
    expect(ledger.isDurable).toBe(true);
    await ledger.clear(entry.dest);
    expect(await ledger.find(entry.dest)).toBeNull();
  });

  (isRoot ? test : test.skip)('it is another user’s', async () => {
    using folder = scratch();
    const state = join(folder.path, 'state');
    await open(state).ledger.put(entry);
    chownSync(join(state, 'reloads'), 12345, 12345);
    const { ledger, log } = open(state);
    expect(await ledger.find(entry.dest)).toBeNull();
    expect(log.lines[0]).toContain('belongs to another user (uid 12345)');
  });
});

describe('what is on disk', () => {
  test('nothing until something is pending; then a file that a pager shows, for its owner alone', async () => {
    using folder = scratch();
    const state = join(folder.path, 'deep/state');
    const { ledger } = open(state);
    await ledger.find(entry.dest);
    await ledger.clear(entry.dest);
    expect(readdirSync(folder.path)).toEqual([]);
    await ledger.put(entry);
    const file = onlyFile(state);
    expect(file).toMatch(/\/reloads\/my_app\.conf-[0-9a-f]{32}\.json$/);
    expect([state, join(state, 'reloads'), file].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o600,
    ]);
    expect(readFileSync(file, 'utf8')).toBe(`{
  "version": 1,
  "dest": "/etc/app/my app.conf",
  "resource": "/etc/confd/conf.d/app.toml",
  "command": "service app reload",
  "md5": "d41d8cd98f00b204e9800998ecf8427e",
  "since": "2026-12-01T10:00:00.000Z",
  "stops": 0
}
`);
    await ledger.clear(entry.dest);
    expect(readdirSync(join(state, 'reloads'))).toEqual([]);
  });

  test('looking writes nothing', async () => {
    using folder = scratch();
    const { ledger } = open(folder.path);
    await ledger.put(entry);
    utimesSync(join(folder.path, 'reloads'), 1, 1);
    await ledger.find(entry.dest);
    await ledger.find('/other');
    await ledger.clear('/other');
    expect(statSync(join(folder.path, 'reloads')).mtimeMs).toBe(1000);
  });

  test('a new process finds it; one that runs beside hears of it and of its end', async () => {
    using folder = scratch();
    const [daemon, once] = [open(folder.path).ledger, open(folder.path).ledger];
    expect(await daemon.find(entry.dest)).toBeNull();
    await once.put(entry);
    expect(await daemon.find(entry.dest)).toEqual({ version: 1, ...entry });
    await once.clear(entry.dest);
    expect(await daemon.find(entry.dest)).toBeNull();
  });

  test('the end of an older reload does not take a newer entry with it', async () => {
    using folder = scratch();
    const [daemon, once] = [open(folder.path).ledger, open(folder.path).ledger];
    await daemon.put(entry);
    await once.put({ ...entry, md5: 'ff' });
    await daemon.clear(entry.dest);
    expect(await once.find(entry.dest)).toMatchObject({ md5: 'ff' });
  });

  test('two agents for dests of one name do not disturb one another', async () => {
    using folder = scratch();
    const [a, b] = [open(folder.path).ledger, open(folder.path).ledger];
    await a.put({ ...entry, dest: '/a/app.conf' });
    await b.put({ ...entry, dest: '/b/app.conf' });
    await a.clear('/a/app.conf');
    expect(await a.find('/a/app.conf')).toBeNull();
    expect(await b.find('/b/app.conf')).not.toBeNull();
  });

  test('what a writer that was killed left beside an entry goes with the next one', async () => {
    using folder = scratch();
    await open(folder.path).ledger.put(entry);
    const file = onlyFile(folder.path);
    const dead = spawn('true');
    await new Promise((resolve) => dead.on('exit', resolve));
    const tag = ownTag().replace(/-\d+-\d+$/, `-${dead.pid!}-1`);
    const name = file.slice(file.lastIndexOf('/') + 1).slice(0, 48);
    writeFileSync(join(folder.path, 'reloads', `.${name}.${tag}-00000000`), 'half');
    await open(folder.path).ledger.put(entry);
    onlyFile(folder.path);
  });
});
