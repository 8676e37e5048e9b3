import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { scanResources } from '../../src/config/scan-resources.ts';

let confdir = '';
beforeEach(() => {
  confdir = mkdtempSync(join(tmpdir(), 'confd-scan-'));
});
afterEach(() => {
  rmSync(confdir, { recursive: true });
});
const good = '';

/** Writes a file below confdir. */
function put(name: string, text: string): void {
  const path = join(confdir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('what cannot be read', () => {
  test('a ring of links', async () => {
    mkdirSync(join(confdir, 'conf.d'));
    const link = join(confdir, 'conf.d/a.toml');
    symlinkSync('a.toml', link);
    const { files, errors } = await scanResources(confdir);
    expect(files).toEqual([]);
    expect(errors.map(({ message }) => message)).toEqual([`stat ${link}: too many levels of symbolic links`]);
  });
});

describe('what is found', () => {
  const names = async (): Promise<string[]> =>
    (await scanResources(confdir)).files.map((path) => path.slice(confdir.length + 1));

  test('names that end in toml, depth first in byte order', async () => {
    const found = ['.hidden.toml', '.z/a.toml', 'B.toml', 'a.toml', 'dir.toml/x.toml', 'toml', 'xtoml', 'é.toml'];
    for (const name of [...found, 'C.TOML', 'a.toml.bak', 'a.toml~', 'readme']) put(`conf.d/${name}`, good);
    expect(await names()).toEqual(found.map((name) => `conf.d/${name}`));
  });

  test('links to files, but nothing behind links to directories', async () => {
    put('elsewhere/a.toml', good);
    put('conf.d/b.toml', good);
    symlinkSync('../elsewhere/a.toml', join(confdir, 'conf.d/link.toml'));
    symlinkSync('../elsewhere', join(confdir, 'conf.d/folder.toml'));
    expect(await names()).toEqual(['conf.d/b.toml', 'conf.d/link.toml']);
  });

  test('a conf.d that is a link', async () => {
    put('real/a.toml', good);
    symlinkSync('real', join(confdir, 'conf.d'));
    expect(await names()).toEqual(['conf.d/a.toml']);
  });

  test('a conf.d that is a file', async () => {
    put('conf.d', good);
    expect(await names()).toEqual(['conf.d']);
  });

  test('a ConfigMap shows each resource once, under the name of its link', async () => {
    put('conf.d/..2026_01_01/a.toml', good);
    put('conf.d/..2026_01_01/sub/b.toml', good);
    symlinkSync('..2026_01_01', join(confdir, 'conf.d/..data'));
    symlinkSync('..data/a.toml', join(confdir, 'conf.d/a.toml'));
    symlinkSync('..data/sub', join(confdir, 'conf.d/sub'));
    expect(await names()).toEqual(['conf.d/..2026_01_01/sub/b.toml', 'conf.d/a.toml']);
  });
});
