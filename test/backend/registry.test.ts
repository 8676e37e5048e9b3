import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import type { Setting } from '../../src/config/schema/schema.ts';
import {
  consulEntry,
  embeddedEntry,
  envEntry,
  etcdEntries,
  fileEntry,
  missingEntries,
  redisEntry,
  vaultEntry,
} from '../../src/backend/registry.ts';

// What is known of a backend stands in its folder and one line of the registry.

const root = join(import.meta.dirname, '../..');
const entries = [
  consulEntry,
  embeddedEntry,
  envEntry,
  ...etcdEntries,
  fileEntry,
  redisEntry,
  vaultEntry,
  ...missingEntries,
];

describe('entries', () => {
  test('each has a name of its own and a line that fits a screen, and one is the default', () => {
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    expect(entries.filter(({ description }) => description === '' || description.length > 70)).toEqual([]);
    expect(entries.filter(({ isDefault }) => isDefault === true).map(({ name }) => name)).toEqual(['etcd']);
  });

  test('a setting that several read is one object, and no two are called the same in code', () => {
    const all = entries.flatMap(({ settings }) => Object.entries<Setting>(settings));
    for (const column of [([key]: [string, Setting]) => key, ([, { name }]: [string, Setting]) => name]) {
      const byName = new Map(all.map((row) => [column(row), row[1]]));
      expect(all.filter((row) => byName.get(column(row)) !== row[1]).map(([key]) => key)).toEqual([]);
    }
  });
});

test('a store in this process is asked by others where it listens', () => {
  const listen = ['127.0.0.1:4001', ':4002', '0.0.0.0:4003', '[::]:4004', '[::1]:4005', '10.0.0.5:4006'];
  expect(embeddedEntry.asClient({ listen, dataDir: '' })).toEqual({
    backend: 'etcdv2',
    nodes: [
      ...['http://127.0.0.1:4001', 'http://127.0.0.1:4002', 'http://127.0.0.1:4003', 'http://127.0.0.1:4004'],
      ...['http://[::1]:4005', 'http://10.0.0.5:4006'],
    ],
  });
});

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

test('no code but its own names a backend', () => {
  // A store may be a service, too, whose configuration is written. "env" and "file" are the names of layers, too; settings of older releases are what they are for ever.
  const own = new Map<string, RegExp>([
    ['consul', /^backend\/consul\//],
    ['embedded', /^backend\/embedded\//],
    ['etcd', /^backend\/etcd\//],
    // The API that a mini-etcd has.
    ['etcdv2', /^backend\/(etcd|embedded)\//],
    ['etcdv3', /^backend\/etcd\//],
    ['redis', /^backend\/redis\//],
    ['vault', /^backend\/vault\//],
    ...missingEntries.map(({ name }) => [name, /^backend\/missing\.ts$/] as const),
  ]);
  const src = join(root, 'src');
  const found = walk(src)
    .map((path) => relative(src, path))
    .filter((path) => !/^(minietcd|cli\/minietcd|services|config\/(old-)?flags\.ts$)/.test(path))
    .flatMap((path) => {
      const literals = [...readFileSync(join(src, path), 'utf8').matchAll(/'([^'\n]*)'/g)].map(([, text]) => text!);
      return literals.filter((text) => own.has(text) && !own.get(text)!.test(path)).map((text) => `${path}: ${text}`);
    });
  expect(found).toEqual([]);
});

describe('the env backend, removed and added again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder, encoding: 'utf8' });
  const registry = join(folder, 'src/backend/registry.ts');
  const program = join(folder, 'dist/confd.mjs');
  const confd = (...args: string[]) => {
    const env = { ...process.env, APP_X: 'y' };
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env });
    return { text: stdout + stderr, status };
  };
  const build = () => {
    buildSync({
      entryPoints: [join(folder, 'src/cli/confd/main.ts')],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      define: { GIT_SHA: '""' },
    });
  };

  test('touches its folder and one line', () => {
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    const whole = readFileSync(registry, 'utf8');
    rmSync(join(folder, 'src/backend/env'), { recursive: true });
    const lines = whole.split('\n');
    writeFileSync(registry, lines.filter((line) => !line.includes('./env/')).join('\n'));
    git('init', '-q');
    git('add', 'src');
    git('commit', '-qm', 'without');

    build();
    for (const command of [['-h'], ['help'], ['--get-yargs-completions', 'confd', '-backend', '']]) {
      const { text } = confd(...command);
      expect(text).toContain('etcdv3');
      expect(text).not.toMatch(/\benv\b/);
    }
    expect(confd('-onetime', '-backend', 'env', '-config-file=').text).toContain(
      'Invalid backend "env" (known are consul, etcd, etcdv2, etcdv3, file, redis, vault, and for -backend embedded)',
    );
    expect(confd('-print-config', '-backend', 'file', '-node', 'h', '-config-file=').text).toMatch(
      /^node .*flag -node$/m,
    );

    cpSync(join(root, 'src/backend/env'), join(folder, 'src/backend/env'), { recursive: true });
    writeFileSync(registry, whole);
    git('add', 'src');
    const changed = git('diff', '--cached', '--numstat')
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    const outside = changed.filter(([, , path]) => !path!.startsWith('src/backend/env/'));
    expect(outside).toEqual([['1', '0', 'src/backend/registry.ts']]);

    build();
    expect(confd('help').text).toMatch(/^ +env +environment variables of this process$/m);
    expect(confd('-h').text).toContain('where the keys are: consul, embedded, env, etcd');
  });
});
