import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Bell } from '../../src/agent/bell.ts';
import { watchEdits } from '../../src/agent/edits.ts';
import { systemClock } from '../../src/obs/clock.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function watched(prepare: (confdir: string) => void) {
  const confdir = mkdtempSync(join(tmpdir(), 'edits-'));
  prepare(confdir);
  const bell = new Bell();
  closers.push(await watchEdits(confdir, bell));
  const edited = async () => [...(await bell.next(5_000, systemClock))];
  expect(await edited()).toEqual(['edit']); // it begins to see
  return { confdir, edited };
}

const plain = (confdir: string) => {
  mkdirSync(`${confdir}/conf.d/sub`, { recursive: true });
  mkdirSync(`${confdir}/templates`);
  writeFileSync(`${confdir}/conf.d/a.toml`, 'old');
};

/** A folder as Kubernetes mounts it: names that lead through ..data to a folder with a time in its name. */
const configMap = (confdir: string) => {
  mkdirSync(`${confdir}/conf.d/..2026_1`, { recursive: true });
  mkdirSync(`${confdir}/templates`);
  writeFileSync(`${confdir}/conf.d/..2026_1/a.toml`, 'old');
  symlinkSync('..2026_1', `${confdir}/conf.d/..data`);
  symlinkSync('..data/a.toml', `${confdir}/conf.d/a.toml`);
};

const swap = (confdir: string, version: number) => {
  mkdirSync(`${confdir}/conf.d/..2026_${version}`);
  writeFileSync(`${confdir}/conf.d/..2026_${version}/a.toml`, `new ${version}`);
  symlinkSync(`..2026_${version}`, `${confdir}/conf.d/..data_tmp`);
  renameSync(`${confdir}/conf.d/..data_tmp`, `${confdir}/conf.d/..data`);
};

const rows: readonly (readonly [string, (confdir: string) => void, (confdir: string) => void])[] = [
  [
    'a file that is written',
    plain,
    (c) => {
      writeFileSync(`${c}/conf.d/a.toml`, 'new');
    },
  ],
  [
    'a file that is new',
    plain,
    (c) => {
      writeFileSync(`${c}/templates/t.tmpl`, 'new');
    },
  ],
  [
    'a file below a folder',
    plain,
    (c) => {
      writeFileSync(`${c}/conf.d/sub/b.toml`, 'new');
    },
  ],
  [
    'a file that is replaced',
    plain,
    (c) => {
      writeFileSync(`${c}/x`, 'new');
      renameSync(`${c}/x`, `${c}/conf.d/a.toml`);
    },
  ],
  [
    'the swap of a ConfigMap',
    configMap,
    (c) => {
      swap(c, 2);
    },
  ],
  [
    'a conf.d that comes later',
    () => undefined,
    (c) => {
      mkdirSync(`${c}/conf.d`);
      writeFileSync(`${c}/conf.d/a.toml`, 'new');
    },
  ],
];

test.each(rows)('%s rings', async (_name, prepare, edit) => {
  const { confdir, edited } = await watched(prepare);
  edit(confdir);
  expect(await edited()).toEqual(['edit']);
});

test('the second swap of a ConfigMap rings, too', async () => {
  const { confdir, edited } = await watched(configMap);
  swap(confdir, 2);
  expect(await edited()).toEqual(['edit']);
  swap(confdir, 3);
  expect(await edited()).toEqual(['edit']);
});

test('a confdir that is a link, and links inside it', async () => {
  const real = mkdtempSync(join(tmpdir(), 'edits-real-'));
  const { confdir, edited } = await watched((c) => {
    mkdirSync(`${real}/conf.d`);
    mkdirSync(`${c}/templates`);
    symlinkSync(`${real}/conf.d`, `${c}/conf.d`);
  });
  writeFileSync(`${real}/conf.d/a.toml`, 'new');
  expect(confdir).not.toBe(real);
  expect(await edited()).toEqual(['edit']);
});
