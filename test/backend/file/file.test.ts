import { appendFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BackendError, readSnapshot } from '../../../src/backend/contract/backend.ts';
import { fileBackend } from '../../../src/backend/file/file.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { backendContract, Copy, follow, sorted, until } from '../../contract/backend.ts';

const never = new AbortController().signal;
let room: string;

beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'confd-file-'));
});
afterEach(async () => {
  await rm(room, { recursive: true, force: true });
});

const open = (files: readonly string[], filter = '*') => fileBackend({ files, filter, clock: systemClock });

/** What one file holds, or the error's message with the room's path taken out. */
async function flattened(text: string | Buffer, name = 'f.yaml'): Promise<[string, string][] | string> {
  const file = join(room, name);
  await writeFile(file, text);
  try {
    return sorted((await readSnapshot(open([file]), ['/'], never)).pairs);
  } catch (error) {
    return (error as BackendError).message.replaceAll(room, '');
  }
}

backendContract(
  'file',
  async () => {
    const own = await mkdtemp(join(tmpdir(), 'confd-file-contract-'));
    const file = join(own, 'store.json');
    const pairs = new Map<string, string>();
    const save = async () => {
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(pairs)), 'latin1');
      await rename(`${file}.new`, file);
    };
    await save();
    return {
      open: () => Promise.resolve(fileBackend({ files: [file], filter: '*', clock: systemClock })),
      put: async (key, value) => {
        pairs.set(key, value);
        await save();
      },
      remove: async (key) => {
        for (const other of pairs.keys()) if (`${other}/`.startsWith(`${key}/`)) pairs.delete(other);
        await save();
      },
      lose: async () => {
        pairs.set('/elsewhere', '1');
        await save();
      },
      close: () => rm(own, { recursive: true, force: true }),
    };
  },
  { anyBytes: false, live: true, under: '' },
);

describe('file: what cannot be read', () => {
  test.each([
    ['a list at the top', '- a\n', '/f.yaml: line 1: the top level must be a mapping'],
    ['text at the top', 'secret\n', '/f.yaml: line 1: the top level must be a mapping'],
    ['a broken line', 'a: 1\nb: c: secret\n', '/f.yaml: line 2: Nested mappings are not allowed in compact mappings'],
    [
      'a flow list without end',
      'a: 1\nb: [secret',
      '/f.yaml: line 2: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['an alias of nothing', 'a: 1\nb: *x\n', '/f.yaml: line 2: the anchor of an alias is not defined before it'],
    ['an anchor in itself', 'a: &x {b: *x}\n', '/f.yaml: line 1: an anchor contains itself'],
    ['a list as a key', '? [1]\n: 2\n', '/f.yaml: line 1: a list or mapping cannot be a key'],
    ['something else merged', 'a: 1\n<<: 5\n', '/f.yaml: line 2: only mappings can be merged with <<'],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), '/f.yaml: it is not UTF-8 text'],
  ])('%s', async (_name, text, expected) => {
    expect(await flattened(text)).toBe(expected);
  });

  test('a file that is not there', async () => {
    await expect(readSnapshot(open([join(room, 'none')]), ['/'], never)).rejects.toThrow(
      `cannot read ${join(room, 'none')}: ENOENT`,
    );
  });

  test('a bad filter', () => {
    expect(() => open([room], '[')).toThrow('syntax error in pattern');
  });
});

describe('file: what is in it', () => {
  test.each([
    ['nothing', '', []],
    ['a comment', '# nothing\n', []],
    ['null', '~\n', []],
    [
      'nested',
      'a:\n  b: x\n  l: [p, q]\n',
      [
        ['/a/b', 'x'],
        ['/a/l/0', 'p'],
        ['/a/l/1', 'q'],
      ],
    ],
    [
      'keys that are paths',
      'a/b: 1\na/../c: 2\n"": 3\n',
      [
        ['/', '3'],
        ['/a/b', '1'],
        ['/c', '2'],
      ],
    ],
    ['two entries of one key: the last (with confd, chance decides)', 'a/b: 1\na: {b: 2}\n', [['/a/b', '2']]],
    ['and the other way round', 'a: {b: 2}\na/b: 1\n', [['/a/b', '1']]],
    [
      'keys that are no strings',
      '5: a\ny: b\n~: c\n1.5: d\n',
      [
        ['/1.5', 'd'],
        ['/5', 'a'],
        ['/y', 'b'],
        ['/~', 'c'],
      ],
    ],
    ['a name that objects have', '__proto__: 1\n', [['/__proto__', '1']]],
    [
      'numbers',
      'a: 010\nb: 0x1F\nc: 0b11\nd: 1_000\ne: -5\nf: 08\n',
      [
        ['/a', '8'],
        ['/b', '31'],
        ['/c', '3'],
        ['/d', '1000'],
        ['/e', '-5'],
        ['/f', '8'],
      ],
    ],
    [
      'floats',
      'a: 1.50\nb: 1e3\nc: 1e-7\nd: .inf\ne: .nan\nf: -.inf\ng: 1e22\n',
      [
        ['/a', '1.5'],
        ['/b', '1000'],
        ['/c', '0.0000001'],
        ['/d', '+Inf'],
        ['/e', 'NaN'],
        ['/f', '-Inf'],
        ['/g', '10000000000000000000000'],
      ],
    ],
    [
      'great numbers',
      'a: 9223372036854775807\nb: 9223372036854775808\nc: 9007199254740993\n',
      [
        ['/a', '9223372036854775807'],
        ['/c', '9007199254740993'],
      ],
    ],
    [
      'booleans',
      'a: yes\nb: Off\nc: "yes"\nd: n\n',
      [
        ['/a', 'true'],
        ['/b', 'false'],
        ['/c', 'yes'],
        ['/d', 'false'],
      ],
    ],
    ['null and nothing', 'a: null\nb:\nc: ""\n', [['/c', '']]],
    [
      'tags',
      'a: !!str 12\nb: !!binary aGk=\nc: !!int "5"\nd: 2001-01-01\n',
      [
        ['/a', '12'],
        ['/b', 'hi'],
        ['/c', '5'],
        ['/d', '2001-01-01'],
      ],
    ],
    [
      'merging',
      'base: &b {x: 1, y: 2}\nnew:\n  <<: *b\n  y: 3\n',
      [
        ['/base/x', '1'],
        ['/base/y', '2'],
        ['/new/x', '1'],
        ['/new/y', '3'],
      ],
    ],
    ['twice the same key', 'a: 1\na: 2\n', [['/a', '2']]],
    ['two documents', 'a: 1\n---\nb: 2\n', [['/a', '1']]],
    ['letters beyond ASCII', 'ä: é\n', [['/Ã¤', 'Ã©']]],
    [
      'JSON',
      '{"a":{"b":[1,true,null,"x"]},"n":1.50,"__proto__":"p"}',
      [
        ['/__proto__', 'p'],
        ['/a/b/0', '1'],
        ['/a/b/1', 'true'],
        ['/a/b/3', 'x'],
        ['/n', '1.5'],
      ],
    ],
    ['JSON with a great number', '{"a":9007199254740993}', [['/a', '9007199254740993']]],
    ['YAML in braces', '{a: b}', [['/a', 'b']]],
  ] as [string, string, [string, string][]][])('%s', async (_name, text, expected) => {
    expect(await flattened(text)).toEqual(expected);
  });
});

describe('file: which files', () => {
  test('directories in byte order, by filter; links to directories are not entered; later files win', async () => {
    await mkdir(join(room, 'd/sub'), { recursive: true });
    await mkdir(join(room, 'else'));
    await writeFile(join(room, 'd/a.yaml'), 'k: a\na: 1\n');
    await writeFile(join(room, 'd/b.yaml'), 'k: b\n');
    await writeFile(join(room, 'd/sub/c.yaml'), 'c: 1\n');
    await writeFile(join(room, 'd/no.txt'), 'broken: [\n');
    await writeFile(join(room, 'else/x.yaml'), 'x: 1\n');
    await symlink('../else', join(room, 'd/z.yaml'));
    const backend = open([join(room, 'd')], '*.y[a]ml');
    expect(sorted((await readSnapshot(backend, ['/'], never)).pairs)).toEqual([
      ['/a', '1'],
      ['/c', '1'],
      ['/k', 'b'],
    ]);
  });

  test('a link given as a setting is followed', async () => {
    await mkdir(join(room, 'real'));
    await writeFile(join(room, 'real/a.yaml'), 'a: 1\n');
    await symlink('real', join(room, 'link'));
    expect(sorted((await readSnapshot(open([join(room, 'link')]), ['/'], never)).pairs)).toEqual([['/a', '1']]);
  });
});

describe('file: half of a file', () => {
  test.each([
    [
      'written right now: it is waited for',
      0,
      [
        ['/a', '1'],
        ['/b', '2'],
      ],
    ],
    ['written long ago: it counts at once', 60_000, [['/a', '1']]],
  ])('%s', async (_name, ageMs, pairs) => {
    const file = join(room, 'f.yaml');
    await writeFile(file, 'a: 1\n');
    const now = (await stat(file)).mtimeMs + ageMs;
    let rest = 'b: 2\n';
    const sleep = async () => {
      await appendFile(file, rest);
      rest = '';
    };
    const backend = fileBackend({ files: [file], filter: '*', clock: { now: () => now, sleep } });
    expect(sorted((await readSnapshot(backend, ['/'], never)).pairs)).toEqual(pairs);
  });
});

describe('file: watching', () => {
  async function watched(file: string, change: (value: (key: string) => string | undefined) => Promise<void>) {
    const backend = open([file]);
    const stop = new AbortController();
    const copy = new Copy();
    const first = await readSnapshot(backend, ['/'], never);
    copy.replace(first);
    const following = follow(backend, ['/'], copy, first.cursor, stop.signal);
    await change((key) => copy.pairs.get(key));
    stop.abort(new Error('stop'));
    await following.catch(() => undefined);
  }

  test("every swap of Kubernetes' ..data link is seen", async () => {
    const version = async (n: number) => {
      await mkdir(join(room, `..v${n}`));
      await writeFile(join(room, `..v${n}/f.yaml`), `k: ${n}\n`);
      await symlink(`..v${n}`, join(room, '..data_tmp'));
      await rename(join(room, '..data_tmp'), join(room, '..data'));
    };
    await version(1);
    await symlink('..data/f.yaml', join(room, 'f.yaml'));
    await watched(join(room, 'f.yaml'), async (value) => {
      for (const n of [2, 3, 4]) {
        await version(n);
        await until(() => value('/k') === String(n));
      }
    });
  });

  test('a file that is gone or half-written for a moment changes nothing', async () => {
    const file = join(room, 'f.yaml');
    await writeFile(file, 'k: 1\n');
    await watched(file, async (value) => {
      await rm(file);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(value('/k')).toBe('1');
      await writeFile(file, 'k: [');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(value('/k')).toBe('1');
      await writeFile(file, 'k: 2\n');
      await until(() => value('/k') === '2');
    });
  });

  test('a file that is put into a watched directory', async () => {
    await mkdir(join(room, 'd'));
    await watched(join(room, 'd'), async (value) => {
      await mkdir(join(room, 'd/deep'));
      await writeFile(join(room, 'd/deep/f.yaml'), 'k: 1\n');
      await until(() => value('/k') === '1');
      await rm(dirname(join(room, 'd/deep/f.yaml')), { recursive: true });
      await until(() => value('/k') === undefined);
    });
  });
});
