import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { keyOf, isPlain, selected, startOf, type Backend, readSnapshot } from '../../src/backend/contract/backend.ts';
import { envBackend } from '../../src/backend/env/env.ts';
import { etcdBackend } from '../../src/backend/etcd/v2.ts';
import { etcd3Backend } from '../../src/backend/etcd/v3.ts';
import { fileBackend } from '../../src/backend/file/file.ts';
import { fromText } from '../../src/go/bytes.ts';
import { join } from '../../src/go/path.ts';
import { localBackend } from '../../src/minietcd/local-backend.ts';
import { MiniEtcd } from '../../src/minietcd/server.ts';
import { Mirror } from '../../src/mirror/mirror.ts';
import type { View } from '../../src/mirror/view.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { follow, Copy, until } from '../contract/backend.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';
import { etcdSettings } from '../helpers/etcd-settings.ts';
import { KeysClient } from '../helpers/keys-client.ts';

// Under which keys a store's names are seen: as in both Go confds, which test/golden/names/record.mjs has asked.

interface Shown {
  readonly pairs?: readonly (readonly [key: string, value: string])[];
  readonly ls?: Readonly<Record<string, readonly string[]>>;
  /** Go's confd ended with an error. */
  readonly error?: string;
}

interface Row {
  readonly name: string;
  readonly store: 'env' | 'file' | 'etcdv2' | 'etcdv3';
  readonly pairs: Readonly<Record<string, string>>;
  readonly prefix?: string;
  readonly keys: readonly string[];
  readonly ls: readonly string[];
  /** What each version showed; several where it is not always the same. */
  readonly go: Readonly<Record<string, readonly Shown[]>>;
}

const rows = JSON.parse(readFileSync(joinPath(import.meta.dirname, '../golden/names.json'), 'utf8')) as Row[];
const never = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const stores: Readonly<Record<Row['store'], (pairs: Row['pairs']) => Promise<readonly Backend[]>>> = {
  env: (pairs) => Promise.resolve([envBackend(new Map(Object.entries(pairs)))]),
  file: async (pairs) => {
    const file = joinPath(await mkdtemp(joinPath(tmpdir(), 'confd-names-')), 'store.yaml');
    await writeFile(file, JSON.stringify(pairs));
    return [fileBackend({ files: [file], filter: '*', clock: systemClock })];
  },
  etcdv3: async (pairs) => {
    const server = await Etcd3Server.start();
    for (const [key, value] of Object.entries(pairs)) server.put(key, value);
    const backend = await etcd3Backend(etcdSettings([server.url]));
    closers.push(
      () => backend.close(),
      () => server.close(),
    );
    return [backend];
  },
  // Over HTTP, and in this process.
  etcdv2: async (pairs) => {
    const server = new MiniEtcd(systemClock);
    await server.listen([{ host: '127.0.0.1', port: 0 }]);
    const keys = new KeysClient(server.urls[0]!);
    // What etcd does not write under an unclean path, nobody will find.
    for (const [key, value] of Object.entries(pairs)) if (/^(?:\/[a-z]+)+\/?$/.test(key)) await keys.put(key, value);
    const backend = await etcdBackend(etcdSettings([server.urls[0]!]));
    closers.push(
      () => backend.close(),
      () => server.close(),
    );
    return [backend, localBackend(server)];
  },
};

const absolute = (prefix: string) => (prefix.startsWith('/') ? prefix : `/${prefix}`);
const wanted = ({ prefix = '', keys }: Row) => keys.map((key) => join(absolute(prefix), key));
const patterns = ['/', '/*', '/*/*', '/*/*/*', '/*/*/*/*', '/*/*/*/*/*'];

function shown(view: View, { ls }: Pick<Row, 'ls'>): Shown {
  const pairs = patterns.flatMap((pattern) => view.gets(pattern).map(({ key, value }) => [key, value] as const));
  for (const [key, value] of pairs) expect([key, view.value(key)]).toEqual([key, value]);
  return { pairs, ls: Object.fromEntries(ls.map((path) => [path, view.ls(path)])) };
}

const viewOf = (mirror: Mirror, row: Row, { selects }: Backend) =>
  mirror.view(absolute(row.prefix ?? ''), wanted(row), selects);

describe('as the Go confds show it', () => {
  test.each(rows.map((row) => [`${row.store}: ${row.name}`, row] as const))('%s', async (_name, row) => {
    for (const backend of await stores[row.store](row.pairs)) {
      const mirror = new Mirror();
      mirror.replace(await readSnapshot(backend, wanted(row), never));
      const ours = shown(viewOf(mirror, row, backend), row);
      // A missing key is no error here.
      for (const theirs of Object.values(row.go))
        if (theirs[0]!.error === undefined) expect(theirs).toContainEqual(ours);
    }
  });

  test('and whatever else is read with it', async () => {
    for (const pairs of new Set(rows.map((row) => JSON.stringify(row.pairs)))) {
      const together = rows.filter((row) => JSON.stringify(row.pairs) === pairs);
      for (const backend of await stores[together[0]!.store](together[0]!.pairs)) {
        const mirror = new Mirror();
        mirror.replace(await readSnapshot(backend, [...new Set(together.flatMap(wanted))], never));
        for (const row of together) {
          for (const theirs of Object.values(row.go)) {
            if (theirs[0]!.error !== undefined) continue;
            expect([row.name, theirs]).toEqual([
              row.name,
              expect.arrayContaining([shown(viewOf(mirror, row, backend), row)]),
            ]);
          }
        }
      }
    }
  });
});

describe('of several names that are one key', () => {
  const one = async (store: Row['store'], pairs: Row['pairs'], prefix = '/') => {
    const [backend] = await stores[store](pairs);
    const mirror = new Mirror();
    mirror.replace(await readSnapshot(backend!, ['/'], never));
    const view = mirror.view(prefix, ['/'], backend!.selects);
    return view.shared().map(({ key, names, chosen }) => [key, view.value(key), chosen, names]);
  };

  test.each([
    ['env', { A_B: '1', A__B: '2' }, '/', ['/a/b', '1', '/A_B', ['/A_B', '/A__B']]],
    ['env', { A_b: '1', a_b: '2', A_B: '3' }, '/', ['/a/b', '3', '/A_B', ['/A_B', '/A_b', '/a_b']]],
    ['env', { A_b: '1', a_b: '2' }, '/', ['/a/b', '2', '/a_b', ['/A_b', '/a_b']]],
    ['env', { X_A: '1', X__A: '2' }, '/x', ['/a', '1', '/X_A', ['/X_A', '/X__A']]],
    ['etcdv3', { '/s/a': '1', '/s//a': '2' }, '/', ['/s/a', '1', '/s/a', ['/s//a', '/s/a']]],
    ['etcdv3', { '/s//-': '1', '/s/-': '2' }, '/', ['/s/-', '2', '/s/-', ['/s/-', '/s//-']]],
    [
      'etcdv3',
      { '/s/a/': '1', '/s//a': '2', '/s/./a': '3' },
      '/',
      ['/s/a', '1', '/s/a/', ['/s/./a', '/s//a', '/s/a/']],
    ],
    ['etcdv3', { '/s': '1', '/s/': '2' }, '/s', ['/', '1', '/s', ['/s', '/s/']]],
  ] as const)('%s: the plain one counts, else the last: %j below %s', async (store, pairs, prefix, expected) => {
    expect(await one(store, pairs, prefix)).toEqual([expected]);
  });

  test('in a file the later one, as with a name that stands there twice', async () => {
    const [backend] = await stores.file({ a: { b: '1' }, 'a/b': '2' } as never);
    expect([...(await readSnapshot(backend!, ['/'], never)).pairs]).toEqual([['/a/b', '2']]);
  });
});

test('etcd v3: writes and removals of unclean names are followed', async () => {
  const server = await Etcd3Server.start();
  server.put('/app//k', 'a');
  const backend = await etcd3Backend(etcdSettings([server.url]));
  const mirror = new Mirror();
  const stop = new AbortController();
  const first = await readSnapshot(backend, ['/app'], never);
  mirror.replace(first);
  const views = ['/', '/app'].map((prefix) => mirror.view(prefix, ['/app'], backend.selects));
  const copy = new Copy();
  const apply = copy.apply.bind(copy);
  copy.apply = (edits) => {
    apply(edits);
    mirror.apply(edits);
  };
  const following = follow(backend, ['/app'], copy, first.cursor, stop.signal);
  const values = () => [views[0]!.value('/app/k'), views[1]!.value('/k'), views[0]!.value('/app//k')];
  expect(values()).toEqual(['a', 'a', undefined]);
  const steps: readonly (readonly [() => void, string | undefined])[] = [
    [
      () => {
        server.put('/app//k', 'b');
      },
      'b',
    ],
    [
      () => {
        server.put('/app/k', 'plain');
      },
      'plain',
    ],
    [
      () => {
        server.put('/app/k/', 'c');
        server.put('/app/k', 'plain 2');
      },
      'plain 2',
    ],
    [
      () => {
        server.remove('/app/k');
      },
      'c',
    ],
    [
      () => {
        server.remove('/app/k/');
      },
      'b',
    ],
    [
      () => {
        server.remove('/app//k');
      },
      undefined,
    ],
    [
      () => {
        server.put('/app/./k', 'd');
      },
      'd',
    ],
  ];
  for (const [step, expected] of steps) {
    step();
    await until(() => values()[0] === expected);
    expect(values()).toEqual([expected, expected, undefined]);
  }
  stop.abort(new Error('stop'));
  await following.catch(() => undefined);
  await backend.close();
  await server.close();
});

test.each([
  ['/MYAPP_DB_URL', 'variable', '/myapp/db', true, '/myapp/db/url', true],
  ['/Myapp_Db', 'variable', '/myapp', false, '/myapp/db', false],
  ['/A__B', 'variable', '/a', true, '/a//b', false],
  [`/${fromText('É')}`, 'variable', `/${fromText('é')}`, true, `/${fromText('é')}`, true],
  [`/${fromText('STRASSE')}`, 'variable', `/${fromText('straße')}`, false, '/strasse', true],
  ['/a//b', 'subtree', '/a', true, '/a//b', false],
  ['/a/..b', 'subtree', '/a', true, '/a/..b', true],
  ['/ab', 'subtree', '/a', false, '/ab', true],
  ['/ab', 'text', '/a', true, '/ab', true],
  ['/', 'subtree', '/', true, '/', true],
] as const)('%s by %s is wanted by %s: %s', (name, rule, key, isSelected, raw, plain) => {
  expect([selected(name, key, rule), name.startsWith(startOf(key, rule)) || !isSelected]).toEqual([isSelected, true]);
  expect([keyOf(name, rule), isPlain(name, rule)]).toEqual([raw, plain]);
});
