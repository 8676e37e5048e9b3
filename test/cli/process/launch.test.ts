import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

// The compile cache as the built program keeps it. A cache file that would print POISON instead of doing the program's work
// shows whether a file is used: V8 itself would take it.

const root = join(import.meta.dirname, '../../..');
const variant = `confd/${process.version}-${process.arch}`;
const isRoot = process.geteuid!() === 0;
const nobody = 65_534;
const asRoot = isRoot ? test : test.skip;

let folder: string;
let home: string;
const place = () => join(folder, 'dist/cache', variant);
const homePlace = () => join(home, '.cache/confd-node', variant);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'launch-'));
  chmodSync(folder, 0o755);
  home = join(folder, 'home');
  mkdirSync(home);
  for (const path of ['bin/confd', 'bin/package.json', 'dist/confd.cjs', 'dist/confd', 'package.json'])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const name of ['conf.d', 'templates']) mkdirSync(join(folder, 'conf', name), { recursive: true });
  const resource = `[template]\nsrc = "a.tmpl"\ndest = "${join(folder, 'conf/a')}"\nkeys = ["/app"]\n`;
  writeFileSync(join(folder, 'conf/conf.d/a.toml'), resource);
  writeFileSync(join(folder, 'conf/templates/a.tmpl'), '{{len (gets "/*")}}\n');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface As {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

function options({ env = {}, uid }: As) {
  const who = uid === undefined ? {} : { uid, gid: uid };
  return { env: { HOME: home, ...env }, encoding: 'utf8', ...who } as const;
}

const printed = ['-log-level', 'error', '-state-dir', '', '-print-config'];
const once = () => [
  '-onetime',
  '-backend',
  'env',
  '-confdir',
  join(folder, 'conf'),
  '-state-dir',
  '',
  '-log-level',
  'error',
];

function confd(args: readonly string[] = printed, as: As = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/confd'), ...args], options(as));
  return { status, stdout, stderr };
}

/** What it says without any cache. */
const plain = (as: As = {}) => confd(printed, { ...as, env: { ...as.env, NODE_DISABLE_COMPILE_CACHE: '1' } });

const bigChunk = () => readdirSync(join(folder, 'dist/confd')).find((name) => /^configure-.*\.cjs$/.test(name))!;
const wrap = (text: string) => `(function(exports,require,module,__filename){${text}\n})`;
const digestOf = (source: string, bytecode: Uint8Array) =>
  createHash('sha256').update(source).update('\0').update(bytecode).digest();

/** Bytecode of other code, as V8 takes it for the chunk: it only compares the lengths of the sources. */
function poison(at: string, { source: boundTo, damage = false }: { source?: string; damage?: boolean } = {}): string {
  const name = bigChunk();
  const source = wrap(readFileSync(join(folder, 'dist/confd', name), 'utf8'));
  const code = "process.getBuiltinModule('node:fs').writeSync(1,'POISON');process.exit(0);";
  const evil = wrap(code.padEnd(source.length - wrap('').length));
  const script = `const s=new (require('vm').Script)(require('fs').readFileSync(0,'utf8'));s.runInThisContext();
    process.stdout.write(s.createCachedData())`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { input: evil });
  if (damage) stdout.fill(0, 0, 16);
  mkdirSync(at, { recursive: true, mode: 0o755 });
  const path = join(at, name);
  writeFileSync(path, Buffer.concat([digestOf(boundTo ?? source, stdout), stdout]), { mode: 0o644 });
  return path;
}

const isGood = (path: string) => {
  const content = readFileSync(path);
  const name = path.split('/').at(-1)!;
  const source = wrap(readFileSync(join(folder, 'dist/confd', name), 'utf8'));
  return digestOf(source, content.subarray(32)).equals(content.subarray(0, 32));
};
const isPoisoned = () => confd().stdout === 'POISON';

test('what the cases below plant is used where it is safe, beside the program and in the home', () => {
  const path = poison(place());
  expect(isPoisoned()).toBe(true);
  rmSync(path);
  poison(homePlace());
  expect(isPoisoned()).toBe(true);
});

describe('not used, and the program says what it says without', () => {
  const cases: readonly (readonly [string, () => unknown])[] = [
    [
      'a file cut short',
      () => {
        const path = poison(place());
        writeFileSync(path, readFileSync(path).subarray(0, -1));
      },
    ],
    [
      'an empty file',
      () => {
        writeFileSync(poison(place()), '');
      },
    ],
    [
      'a damaged byte',
      () => {
        const path = poison(place());
        const content = readFileSync(path);
        content[content.length - 100]! ^= 1;
        writeFileSync(path, content);
      },
    ],
    ['bytecode of another version of the program', () => poison(place(), { source: 'other' })],
    ['bytecode that V8 rejects', () => poison(place(), { damage: true })],
    [
      'a folder that the group can write',
      () => {
        chmodSync((poison(place()), place()), 0o775);
      },
    ],
    [
      'a folder that all can write',
      () => {
        chmodSync((poison(place()), place()), 0o1777);
      },
    ],
    [
      'a folder above it that the group can write',
      () => {
        chmodSync((poison(place()), join(place(), '../..')), 0o775);
      },
    ],
    [
      'a file that the group can write',
      () => {
        chmodSync(poison(place()), 0o664);
      },
    ],
    [
      'a home that all can write',
      () => {
        chmodSync((poison(homePlace()), home), 0o777);
      },
    ],
    [
      'a cache of the home that the group can write',
      () => {
        chmodSync((poison(homePlace()), join(home, '.cache')), 0o775);
      },
    ],
    [
      'a link to a folder that all can write',
      () => {
        const elsewhere = join(folder, 'open');
        poison(join(elsewhere, 'here'));
        chmodSync(elsewhere, 0o777);
        mkdirSync(join(place(), '..'), { recursive: true });
        symlinkSync(join(elsewhere, 'here'), place());
      },
    ],
    ['the folder of another Node', () => poison(place().replace(process.version, 'v20.0.0'))],
    [
      'a file in the place of the folder',
      () => {
        writeFileSync(join(folder, 'dist/cache'), 'x');
      },
    ],
  ];
  test.each(cases)('%s', (_what, prepare) => {
    prepare();
    expect(confd()).toEqual({ ...plain(), status: 0, stderr: '' });
  });

  asRoot.each([
    ['a folder', () => place()],
    ['a folder above it', () => join(place(), '..')],
    ['a file', () => join(place(), bigChunk())],
  ])('%s of another user', (_what, path) => {
    poison(place());
    chownSync(path(), nobody, nobody);
    expect(confd()).toEqual({ ...plain(), status: 0, stderr: '' });
  });

  asRoot('a home of another user, as sudo may leave it', () => {
    poison(homePlace());
    chownSync(home, nobody, nobody);
    expect(isPoisoned()).toBe(false);
  });

  test('NODE_DISABLE_COMPILE_CACHE', () => {
    poison(place());
    expect(plain().stdout).not.toBe('POISON');
    rmSync(join(folder, 'dist/cache'), { recursive: true });
    plain();
    expect([existsSync(join(folder, 'dist/cache')), existsSync(join(home, '.cache'))]).toEqual([false, false]);
  });
});

describe('written', () => {
  const state = () => readdirSync(place()).map((name) => `${name} ${statSync(join(place(), name)).ino}`);

  test('once, and then left alone', () => {
    const first = confd(once());
    const files = state();
    expect(files.some((line) => line.startsWith('configure-'))).toBe(true);
    expect(readdirSync(place()).every((name) => isGood(join(place(), name)))).toBe(true);
    expect(confd(once())).toEqual(first);
    expect(state()).toEqual(files);
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  test('again after a run that does something new', () => {
    confd(printed);
    const { size } = statSync(join(place(), bigChunk()));
    expect(confd(once()).status).toBe(0);
    expect(statSync(join(place(), bigChunk())).size).toBeGreaterThan(size);
  });

  test.each([
    ['damaged', { source: 'other' }],
    ['rejected', { damage: true }],
  ])('again in the place of a %s file', (_what, how) => {
    const path = poison(place(), how);
    const before = readFileSync(path);
    expect(confd().status).toBe(0);
    expect(readFileSync(path).equals(before)).toBe(false);
    expect(isGood(path)).toBe(true);
  });

  test('whole by several first runs at once', async () => {
    const run = () =>
      new Promise<number | null>((resolve) => {
        spawn(process.execPath, [join(folder, 'bin/confd'), ...once()], { ...options({}), stdio: 'ignore' }).on(
          'close',
          resolve,
        );
      });
    expect(await Promise.all(Array.from({ length: 5 }, run))).toEqual([0, 0, 0, 0, 0]);
    const names = readdirSync(place());
    expect(names.filter((name) => !name.endsWith('.cjs'))).toEqual([]);
    expect(names.filter((name) => !isGood(join(place(), name)))).toEqual([]);
  });

  test.each([
    ['a run that fails', ['-onetime', '-backend', 'no-such']],
    ['-version', ['-version']],
  ])('not by %s', (_what, args) => {
    confd(args);
    expect(existsSync(join(folder, 'dist/cache'))).toBe(false);
  });

  test('not by the library', () => {
    const folders = ['index', 'index.js'].map((name) => join('dist', name));
    for (const path of folders) cpSync(join(root, path), join(folder, path), { recursive: true });
    const { status } = spawnSync(process.execPath, ['-e', `import('${folder}/dist/index.js')`], options({}));
    expect([status, existsSync(join(folder, 'dist/cache')), existsSync(join(home, '.cache'))]).toEqual([
      0,
      false,
      false,
    ]);
  });

  asRoot('into the home by a user who does not own the program, and nothing beside it', () => {
    chownSync(home, nobody, nobody);
    expect(confd(printed, { uid: nobody })).toEqual(plain());
    expect(existsSync(join(homePlace(), bigChunk()))).toBe(true);
    expect(statSync(join(home, '.cache/confd-node')).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, 'dist/cache'))).toBe(false);
  });

  asRoot('by root for all users', () => {
    confd();
    expect(existsSync(place())).toBe(true);
    chownSync(home, nobody, nobody);
    confd(printed, { uid: nobody });
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  asRoot.each([
    ['no home', { HOME: '' }],
    ['a home that is not there', { HOME: '/nonexistent' }],
    ['a relative home', { HOME: '.', XDG_CACHE_HOME: 'x' }],
  ])('nowhere by such a user with %s', (_what, env) => {
    expect(confd(printed, { uid: nobody, env })).toEqual({ ...plain(), status: 0, stderr: '' });
    expect(existsSync(join(folder, 'dist/cache'))).toBe(false);
  });

  asRoot('nowhere where everything is read-only', () => {
    for (const path of ['dist', 'home']) {
      chownSync(join(folder, path), nobody, nobody);
      chmodSync(join(folder, path), 0o555);
    }
    expect(confd(printed, { uid: nobody })).toEqual({ ...plain(), status: 0, stderr: '' });
    expect([existsSync(join(folder, 'dist/cache')), existsSync(join(home, '.cache'))]).toEqual([false, false]);
  });
});

describe('the program of a chunk', () => {
  const withMain = (text: string) => {
    writeFileSync(join(folder, 'dist/confd/main.cjs'), text);
    return confd([]);
  };

  test('names the place in its file where it failed', () => {
    const { status, stderr } = withMain('/* 1 */ throw new Error("broken");');
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${join(folder, 'dist/confd/main.cjs')}:1:`)]);
    expect(stderr).toMatch(/main\.cjs:1:15$/m);
  });

  test('fails with a promise that nobody handles', () => {
    expect(withMain('Promise.reject(new Error("broken"));').status).toBe(1);
  });

  test('fails when it ends without a result', () => {
    expect(withMain('new Promise(() => {}).then(() => process.exit(0));').status).toBe(13);
  });
});
