import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/confd.ts';
import { loadResources } from '../../src/config/resources.ts';

const folder = mkdtempSync(join(tmpdir(), 'sources-'));
mkdirSync(join(folder, 'conf.d'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const named = '[source.site]\nbackend = "etcd"\nnodes = ["h:1"]\nprefix = "/site"\n[source.same]\nnodes = ["h:1"]\n';

/** What becomes of a resource with these lines, beside a confd.toml with those. */
async function load(lines: string, settings = named) {
  const file = join(folder, 'confd.toml');
  writeFileSync(file, settings);
  writeFileSync(join(folder, 'conf.d/a.toml'), `[template]\nsrc = "s"\ndest = "d"\n${lines}`);
  const flags = new Map([['config-file', file]]);
  const { sources, warnings } = await loadConfig(flags, new Map());
  const loaded = await loadResources(folder, null, sources);
  return {
    global: warnings.map(({ message }) => message),
    ...loaded,
    warnings: loaded.warnings.map(({ message }) => message),
    errors: loaded.errors.map((error) => error.message),
    sources: loaded.specs[0]?.sources,
  };
}

describe('what cannot work', () => {
  test.each([
    ['sources = "site"', 'line 4 (last key "template.sources"): expected names of sources, as in ["site", "defaults"]'],
    ['sources = []', 'expected names of sources'],
    ['sources = [1]', 'TOML value has type int64; destination has type string'],
    ['sources = ["sitee"]', 'there is no source "sitee" in the configuration file; did you mean "site"?'],
    ['sources = ["elsewhere"]', 'the sources are site, same, global'],
    ['sources = [{prefix = "/x"}]', 'the name of a source is missing'],
    ['sources = [{name = "site", prefix = 1}]', 'destination has type string'],
    ['sources = ["site", "site"]', 'two of these sources are the same'],
    [
      'sources = ["site"]\n[backend]\nbackend = "env"',
      'a resource can have a [backend] table or a list of sources, not both',
    ],
    ['[backend]\nscheme = 1', 'line 5 (last key "backend.scheme")'],
    ['[backend]\nbackend_timeout = "0s"', 'a.toml:5): 0s is too short'],
    ['[[backend]]\nbackend = "env"', 'destination has type map'],
  ])('%s', async (lines, message) => {
    const { errors } = await load(lines);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(message);
  });

  test.each([
    ['source = "site"', 'destination has type map'],
    ['[source]\nsite = 1', 'destination has type map'],
    ['[source.global]\nbackend = "env"', 'the name "global" is reserved for the global store'],
    ['[source.x]\nbackend = "embedded"', 'can only be the global store'],
  ])('in confd.toml: %s', async (settings, message) => {
    await expect(load('', settings)).rejects.toThrow(message);
  });
});

describe('which stores', () => {
  const where = join(folder, 'confd.toml');
  test.each<[string, string, unknown[]]>([
    ['none said', '', [['', null, undefined]]],
    ['its own', '[backend]\nbackend = "env"', [[`[backend] of ${join(folder, 'conf.d/a.toml')}:4`, null, 'env']]],
    [
      'names',
      'sources = ["site", "global"]',
      [
        [`source "site" (${where}:1)`, '/site', 'etcd'],
        ['', null, undefined],
      ],
    ],
    ['a prefix of its own', 'sources = [{name = "site", prefix = ""}]', [[`source "site" (${where}:1)`, '', 'etcd']]],
    ['what the global one is too', '[backend]\nbackend = "etcd"', [['', null, undefined]]],
  ])('%s', async (_, lines, expected) => {
    const { sources, errors } = await load(lines);
    expect(errors).toEqual([]);
    expect(sources!.map(({ label, prefix, store }) => [label, prefix, store?.backend])).toEqual(expected);
  });

  test('the same settings are the same store, whatever its name and prefix', async () => {
    const [site, same] = (await load('sources = ["site", "same"]')).sources!;
    expect(site!.store).toEqual(same!.store);
  });

  test('nothing global goes to a store of its own but the timeout', async () => {
    const global = 'username = "u"\npassword = "p"\nbasic_auth = true\nbackend_timeout = "2s"\n';
    const [own] = (await load('[backend]\nbackend = "etcd"', global)).sources!;
    expect(own!.store).toMatchObject({ username: '', password: '', basicAuth: false, backendTimeoutMs: 2000 });
  });
});

test('what is not known is told with its place', async () => {
  const { warnings } = await load('[backend]\nbackend = "etcd"\nzebra = ["x"]\nclient_cert = "/c"\n');
  const file = join(folder, 'conf.d/a.toml');
  expect(warnings).toEqual([
    `${file}:6: unknown key "zebra" is ignored`,
    `${file}:4: client-cert is not used without client-key`,
  ]);
});

test('what the store of a table does not read is told in one line, with its place', async () => {
  const unread = 'nodes = ["h"]\nfilter = "*"\nscheme = "https"\nseparator = "/"\nbackend_timeout = "1s"\n';
  const where = join(folder, 'conf.d/a.toml');
  expect((await load(`[backend]\nbackend = "env"\n${unread}`)).warnings).toEqual([
    `${where}:4: filter is not used without the backend file; node and scheme are not used without the backend consul, etcd, etcdv2, etcdv3, redis or vault; separator is not used without the backend redis`,
  ]);
  expect((await load('', `[source.x]\nbackend = "env"\nprefix = "/x"\nnodes = ["h"]\n`)).global).toEqual([
    `${join(folder, 'confd.toml')}:1: node is not used without the backend consul, etcd, etcdv2, etcdv3, redis or vault`,
  ]);
});
