import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FileWatch } from '../../src/file-watch/file-watch.ts';
import { fasterClock } from '../faults/agents.ts';
import { waitFor } from '../helpers/confd.ts';

// What is done to a tree, and that it is told. Each row is done twice, and then a file is written: a watch that told the
// first time may have lost the trail with it.

const open: FileWatch[] = [];
afterEach(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

/** A temporary folder, with deeds by path below it. */
class Tree {
  readonly root = mkdtempSync(join(tmpdir(), 'file-watch-'));
  calls = 0;
  readonly warnings: string[] = [];

  path = (name: string) => join(this.root, name);

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  link(name: string, target: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    symlinkSync(target, this.path(name));
  }

  /** Turns a link in one step, as Kubernetes does. */
  turn(name: string, target: string): void {
    symlinkSync(target, this.path(`${name}.new`));
    renameSync(this.path(`${name}.new`), this.path(name));
  }

  move(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  /** Watches paths below the root, and waits until it sees. */
  async watch(...names: string[]): Promise<void> {
    const paths = names.map(this.path);
    this.watchPaths(() => paths);
    await this.settled();
  }

  watchPaths(paths: () => readonly string[]): void {
    const onChange = () => {
      this.calls++;
    };
    open.push(new FileWatch({ paths, onChange, warn: (text) => this.warnings.push(text), clock: fasterClock(20) }));
  }

  /** Waits until what has been done so far is told. */
  async settled(): Promise<void> {
    for (let before = -1; before !== this.calls;) {
      before = this.calls;
      await sleep(150);
    }
  }

  async tells(): Promise<void> {
    const before = this.calls;
    await waitFor('a change to be told', () => this.calls > before);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Row = readonly [string, (tree: Tree) => void, readonly string[], (tree: Tree, n: number) => void | Promise<void>];

const plain = (tree: Tree) => {
  tree.write('c/conf.d/a.toml', '0');
  tree.write('c/conf.d/sub/b.toml', '0');
  tree.write('c/templates/t.tmpl', '0');
};
const roots = ['c/conf.d', 'c/templates'];

/** As Kubernetes mounts a ConfigMap: names that lead through ..data to a folder with a time in its name. */
const configMap = (folder: string, file: string) => (tree: Tree) => {
  tree.write(`${folder}/..0/${file}`, '0');
  tree.link(`${folder}/..data`, '..0');
  tree.link(`${folder}/${file}`, `..data/${file}`);
};
const swapped = (folder: string, file: string) => (tree: Tree, n: number) => {
  tree.write(`${folder}/..${n}/${file}`, `${n}`);
  tree.turn(`${folder}/..data`, `..${n}`);
  tree.remove(`${folder}/..${n - 1}`);
};

const rows: readonly Row[] = [
  [
    'a file that is written',
    plain,
    roots,
    (tree, n) => {
      tree.write('c/conf.d/a.toml', `${n}`);
    },
  ],
  [
    'a file that is appended to',
    plain,
    roots,
    (tree) => {
      appendFileSync(tree.path('c/conf.d/a.toml'), '.');
    },
  ],
  [
    'a file that is written and given its old time',
    plain,
    roots,
    (tree, n) => {
      tree.write('c/conf.d/a.toml', `${n}`);
      utimesSync(tree.path('c/conf.d/a.toml'), 1, 1);
    },
  ],
  [
    'a file that is new',
    plain,
    roots,
    (tree, n) => {
      tree.write(`c/templates/${n}.tmpl`, 'x');
    },
  ],
  [
    'a file below a folder',
    plain,
    roots,
    (tree, n) => {
      tree.write('c/conf.d/sub/b.toml', `${n}`);
    },
  ],
  [
    'a file in a new folder',
    plain,
    roots,
    (tree, n) => {
      tree.write(`c/conf.d/deep/${n}/b.toml`, `${n}`);
    },
  ],
  [
    'a file that is replaced',
    plain,
    roots,
    (tree, n) => {
      tree.write('x', `${n}`);
      tree.move('x', 'c/conf.d/a.toml');
    },
  ],
  [
    'a file that is removed, and made again',
    plain,
    roots,
    async (tree) => {
      tree.remove('c/conf.d/a.toml');
      await tree.tells();
      tree.write('c/conf.d/a.toml', 'x');
    },
  ],
  [
    'a file that may be read',
    plain,
    roots,
    (tree, n) => {
      chmodSync(tree.path('c/conf.d/a.toml'), 0o600 + n);
    },
  ],
  [
    'conf.d removed and made anew',
    plain,
    roots,
    (tree) => {
      tree.remove('c/conf.d');
      tree.write('c/conf.d/a.toml', 'new');
    },
  ],
  [
    'conf.d swapped by rename',
    plain,
    roots,
    (tree, n) => {
      tree.write('c/next/a.toml', `${n}`);
      tree.move('c/conf.d', `c/old${n}`);
      tree.move('c/next', 'c/conf.d');
    },
  ],
  [
    'a folder in conf.d swapped by rename',
    plain,
    roots,
    (tree, n) => {
      tree.write('next/b.toml', `${n}`);
      tree.move('c/conf.d/sub', `old${n}`);
      tree.move('next', 'c/conf.d/sub');
    },
  ],
  [
    'templates gone for some looks, then copied back',
    plain,
    roots,
    async (tree, n) => {
      cpSync(tree.path('c/templates'), tree.path(`copy${n}`), { recursive: true });
      tree.remove('c/templates');
      await sleep(400);
      cpSync(tree.path(`copy${n}`), tree.path('c/templates'), { recursive: true });
    },
  ],
  [
    'a template that is a link to a file elsewhere, which is written',
    linked,
    roots,
    (tree, n) => {
      tree.write('far/t', `${n}`);
    },
  ],
  [
    'a template that is a link to a file elsewhere, which is replaced',
    linked,
    roots,
    (tree, n) => {
      tree.write('far/new', `${n}`);
      tree.move('far/new', 'far/t');
    },
  ],
  [
    'a template that is a link to a file elsewhere, whose folder is replaced',
    linked,
    roots,
    (tree, n) => {
      tree.write('next/t', `${n}`);
      tree.move('far', `old${n}`);
      tree.move('next', 'far');
    },
  ],
  [
    'a template that is a link, which is turned',
    linked,
    roots,
    (tree, n) => {
      tree.write(`far/t${n}`, `${n}`);
      tree.turn('c/templates/t.tmpl', `../../far/t${n}`);
    },
  ],
  [
    'a template that is a link over a link, which is turned',
    (tree) => {
      plain(tree);
      tree.write('far/0/t', '0');
      tree.link('far/now', '0');
      tree.link('c/templates/l.tmpl', tree.path('far/now/t'));
    },
    roots,
    (tree, n) => {
      tree.write(`far/${n}/t`, `${n}`);
      tree.turn('far/now', `${n}`);
    },
  ],
  [
    'a link that leads nowhere, to where a file comes',
    (tree) => {
      plain(tree);
      tree.link('c/templates/l.tmpl', '../../far/1/2/t');
      tree.link('c/templates/m.tmpl', '../../far/t');
      tree.write('far/x', '');
    },
    roots,
    (tree, n) => {
      tree.write('far/t', `${n}`);
    },
  ],
  [
    'a template below a link to a folder',
    through,
    [...roots, 'c/templates/sub/t'],
    (tree, n) => {
      tree.write('far/t', `${n}`);
    },
  ],
  [
    'a template below a link to a folder, which is turned',
    through,
    [...roots, 'c/templates/sub/t'],
    (tree, n) => {
      tree.write(`far${n}/t`, `${n}`);
      tree.turn('c/templates/sub', `../../far${n}`);
    },
  ],
  [
    'a conf.d that is a link',
    linkedConfd,
    roots,
    (tree, n) => {
      tree.write('real/conf.d/a.toml', `${n}`);
    },
  ],
  [
    'a conf.d that is a link, which is turned',
    linkedConfd,
    roots,
    (tree, n) => {
      tree.write(`real${n}/a.toml`, `${n}`);
      tree.turn('c/conf.d', `../real${n}`);
    },
  ],
  [
    'a confdir that is a link, which is turned',
    (tree) => {
      tree.write('v0/conf.d/a.toml', '0');
      tree.link('c', 'v0');
    },
    roots,
    (tree, n) => {
      tree.write(`v${n}/conf.d/a.toml`, `${n}`);
      tree.turn('c', `v${n}`);
    },
  ],
  [
    'a folder above the confdir that is swapped by rename',
    (tree) => {
      tree.write('up/c/conf.d/a.toml', '0');
    },
    ['up/c/conf.d'],
    (tree, n) => {
      tree.write('next/c/conf.d/a.toml', `${n}`);
      tree.move('up', `old${n}`);
      tree.move('next', 'up');
    },
  ],
  ['the swap of a ConfigMap at conf.d', configMap('c/conf.d', 'a.toml'), roots, swapped('c/conf.d', 'a.toml')],
  [
    'the swap of a ConfigMap at the confdir',
    (tree) => {
      tree.write('c/..0/conf.d/a.toml', '0');
      tree.link('c/..data', '..0');
      tree.link('c/conf.d', '..data/conf.d');
    },
    roots,
    (tree, n) => {
      tree.write(`c/..${n}/conf.d/a.toml`, `${n}`);
      tree.turn('c/..data', `..${n}`);
      tree.remove(`c/..${n - 1}`);
    },
  ],
  ['the swap of a ConfigMap with one file', configMap('m', 'f.yaml'), ['m/f.yaml'], swapped('m', 'f.yaml')],
  [
    'a conf.d that comes later',
    nothing,
    roots,
    async (tree) => {
      tree.write('c/conf.d/a.toml', 'new');
      await tree.tells();
      tree.remove('c');
    },
  ],
  [
    'one file that is replaced',
    (tree) => {
      tree.write('f', '0');
    },
    ['f'],
    (tree, n) => {
      tree.write('f.new', `${n}`);
      tree.move('f.new', 'f');
    },
  ],
  [
    'one file with a second name, written under that one',
    (tree) => {
      tree.write('f', '0');
      mkdirSync(tree.path('d'));
      linkSync(tree.path('f'), tree.path('d/g'));
    },
    ['f'],
    (tree, n) => {
      tree.write('d/g', `${n}`);
    },
  ],
  [
    'a file among links that make loops',
    (tree) => {
      plain(tree);
      tree.link('c/conf.d/self', 'self');
      tree.link('c/conf.d/round', '.');
      tree.link('c/conf.d/up', '..');
      tree.link('c/templates/there', 'back');
      tree.link('c/templates/back', 'there');
      tree.link('c/templates/root', '/');
    },
    roots,
    (tree, n) => {
      tree.write('c/conf.d/sub/b.toml', `${n}`);
    },
  ],
  [
    'one of a thousand templates, and one of a thousand links',
    (tree) => {
      for (let i = 0; i < 1000; i++) {
        tree.write(`c/templates/${i}.tmpl`, '0');
        tree.write(`far/${i}.toml`, '0');
        tree.link(`c/conf.d/${i}.toml`, `../../far/${i}.toml`);
      }
    },
    roots,
    async (tree, n) => {
      tree.write('c/templates/500.tmpl', `${n}`);
      await tree.tells();
      await tree.settled();
      tree.write('far/500.toml', `${n}`);
    },
  ],
];

function nothing(): void {
  return;
}

function linked(tree: Tree): void {
  tree.write('far/t', '0');
  tree.link('c/templates/t.tmpl', '../../far/t');
}

function through(tree: Tree): void {
  tree.write('far/t', '0');
  tree.link('c/templates/sub', '../../far');
}

function linkedConfd(tree: Tree): void {
  tree.write('real/conf.d/a.toml', '0');
  tree.link('c/conf.d', '../real/conf.d');
}

async function seenAgainAndAgain([, prepare, watched, deed]: Row): Promise<void> {
  const tree = new Tree();
  prepare(tree);
  await tree.watch(...watched);
  const afterwards = async () => {
    const file = watched.map((name) => aFile(tree.path(name))).find((found) => found !== null);
    if (file !== undefined) appendFileSync(file, '.');
    return Promise.resolve();
  };
  const deeds = [1, 2].map((n) => async () => deed(tree, n));
  for (const act of [...deeds, ...(prepare === nothing ? [] : [afterwards])]) {
    const told = tree.tells();
    await act();
    await told;
    await tree.settled();
  }
}

/** Some file at or below path, behind links to files. */
function aFile(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return path;
  if (found?.isDirectory() !== true) return null;
  const entries = readdirSync(path, { withFileTypes: true }).filter(
    (entry) => !/^(self|round|up|there|back|root)$/.test(entry.name),
  );
  return entries.map(({ name }) => aFile(join(path, name))).find((file) => file !== null) ?? null;
}

test.each(rows.map((row) => [row[0], row] as const))('%s', async (_name, row) => {
  await seenAgainAndAgain(row);
});

describe('where the system does not report', () => {
  beforeAll(() => {
    process.env['CHOKIDAR_USEPOLLING'] = '1';
  });
  afterAll(() => {
    delete process.env['CHOKIDAR_USEPOLLING'];
  });
  const some = /written$|is new|conf.d swapped|elsewhere, which is replaced|ConfigMap with one file|f that is replaced/;

  test.each(rows.filter(([name]) => some.test(name)).map((row) => [row[0], row] as const))('%s', async (_name, row) => {
    await seenAgainAndAgain(row);
  });
});

test('a burst without end does not hide what is in it', async () => {
  const tree = new Tree();
  plain(tree);
  await tree.watch(...roots);
  const noise = setInterval(() => {
    appendFileSync(tree.path('c/templates/noise'), '.');
  }, 20);
  try {
    await tree.tells();
    await tree.tells();
  } finally {
    clearInterval(noise);
  }
});

test('when nothing happens, nothing is told; what lies beside is nothing', async () => {
  const tree = new Tree();
  plain(tree);
  await tree.watch(...roots);
  const before = tree.calls;
  tree.write('c/beside', '1');
  readFileSync(tree.path('c/conf.d/a.toml'));
  await sleep(1000);
  expect(tree.calls).toBe(before);
});

test('other paths, as soon as they are named', async () => {
  const tree = new Tree();
  plain(tree);
  tree.write('far/t', '0');
  let paths = [tree.path('c/conf.d')];
  tree.watchPaths(() => paths);
  await tree.settled();
  paths = [tree.path('c/conf.d'), tree.path('far/t')];
  await tree.tells();
  await tree.settled();
  const told = tree.tells();
  tree.write('far/t', '1');
  await told;
});

test('two watches on a folder that is replaced both follow', async () => {
  const tree = new Tree();
  tree.write('d/f', '0');
  await tree.watch('d');
  const other = new Tree();
  other.watchPaths(() => [tree.path('d')]);
  await other.settled();
  tree.write('next/f', '1');
  tree.move('d', 'old');
  tree.move('next', 'd');
  await Promise.all([tree.settled(), other.settled()]);
  const told = Promise.all([tree.tells(), other.tells()]);
  appendFileSync(tree.path('d/f'), '.');
  await told;
});

test('a pipe and a socket are no trouble', async () => {
  const tree = new Tree();
  plain(tree);
  execFileSync('mkfifo', [tree.path('c/conf.d/pipe')]);
  await tree.watch(...roots);
  const told = tree.tells();
  tree.write('c/conf.d/a.toml', '1');
  await told;
});
