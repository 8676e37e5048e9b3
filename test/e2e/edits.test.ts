import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Confdir, Program, waitFor } from '../helpers/confd.ts';

// confd as a process of its own, on real trees: what is done to them, and what becomes of the dests. No row waits for a
// full pass; that is ten minutes away.

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const says = (path: string, text: string) =>
  waitFor(`${path} to say ${JSON.stringify(text)}`, () => content(path) === text);
const toml = (template: string, dest: string, keys = '/') =>
  `[template]\nsrc = "${template}"\ndest = "${dest}"\nkeys = ["${keys}"]\nmode = "0644"\n`;

/** A folder that holds a confdir, what it links to, the dests and the data. */
class Site extends Confdir {
  readonly dest = this.path('out/x');
  agent: Program | null = null;

  constructor() {
    super();
    this.write('out/here', '');
    this.write('data.yaml', 'k: v\n');
  }

  /** A confdir whose one resource renders this text to dest. */
  confdir(name: string, text: string, dest = this.dest): void {
    this.write(`${name}/conf.d/x.toml`, toml('x.tmpl', dest));
    this.write(`${name}/templates/x.tmpl`, text);
  }

  start(...args: string[]): Program {
    const usual = ['-watch', '-interval', '600', '-confdir', this.path('etc'), '-backend', 'file'];
    this.agent = new Program('confd', [...usual, '-file', this.path('data.yaml'), ...args]);
    running.push(this.agent);
    return this.agent;
  }

  turn(name: string, target: string): void {
    symlinkSync(target, this.path('a new link'));
    renameSync(this.path('a new link'), this.path(name));
  }

  move(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  /** Waits until the first pass is over and edits are seen. */
  async ready(text: string): Promise<void> {
    await says(this.dest, text);
    await sleep(1500);
  }
}

type Deed = (site: Site) => Promise<void> | void;
/** What is there, its text in dest, and what is done: after each deed dest says what stands before it. */
type Row = readonly [string, Deed, readonly (readonly [string, Deed])[]];

const rows: readonly Row[] = [
  [
    'conf.d is removed and made anew, then edited',
    (site) => {
      site.confdir('etc', '1');
    },
    [
      [
        '2',
        async (site) => {
          site.write('etc/templates/y.tmpl', '2');
          site.remove('etc/conf.d');
          await sleep(500);
          site.write('etc/conf.d/x.toml', toml('y.tmpl', site.dest));
        },
      ],
      [
        '3',
        async (site) => {
          site.write('etc/templates/z.tmpl', '3');
          await sleep(500);
          site.write('etc/conf.d/x.toml', toml('z.tmpl', site.dest));
        },
      ],
    ],
  ],
  [
    'conf.d is swapped by rename, twice, then edited',
    (site) => {
      site.confdir('etc', '0');
    },
    [
      ...['1', '2'].map((n): readonly [string, Deed] => [
        n,
        (site) => {
          site.write(`etc/templates/${n}.tmpl`, n);
          site.write(`next/x.toml`, toml(`${n}.tmpl`, site.dest));
          site.move('etc/conf.d', `old${n}`);
          site.move('next', 'etc/conf.d');
        },
      ]),
      [
        '1',
        (site) => {
          site.write('etc/conf.d/x.toml', toml('1.tmpl', site.dest));
        },
      ],
    ],
  ],
  [
    'templates are removed for two seconds and copied back, then edited',
    (site) => {
      site.confdir('etc', '0');
    },
    [
      [
        '1',
        async (site) => {
          site.remove('etc/templates');
          await sleep(2000);
          site.write('etc/templates/x.tmpl', '1');
        },
      ],
      [
        '2',
        (site) => {
          site.write('etc/templates/x.tmpl', '2');
        },
      ],
    ],
  ],
  [
    'a template is a link to a file elsewhere, which is edited, replaced, and turned',
    (site) => {
      site.confdir('etc', '0');
      site.remove('etc/templates/x.tmpl');
      site.write('far/t', '0');
      symlinkSync('../../far/t', site.path('etc/templates/x.tmpl'));
    },
    [
      [
        '1',
        (site) => {
          site.write('far/t', '1');
        },
      ],
      [
        '2',
        (site) => {
          site.write('far/new', '2');
          site.move('far/new', 'far/t');
        },
      ],
      [
        '3',
        (site) => {
          site.write('far/u', '3');
          site.turn('etc/templates/x.tmpl', '../../far/u');
        },
      ],
      [
        '4',
        (site) => {
          site.write('far/u', '4');
        },
      ],
    ],
  ],
  [
    'a template outside of templates/, which is edited, and whose folder is replaced',
    (site) => {
      site.write('etc/conf.d/x.toml', toml('../../shared/x.tmpl', site.dest));
      site.write('shared/x.tmpl', '0');
    },
    [
      [
        '1',
        (site) => {
          site.write('shared/x.tmpl', '1');
        },
      ],
      [
        '2',
        (site) => {
          site.write('next/x.tmpl', '2');
          site.move('shared', 'old');
          site.move('next', 'shared');
        },
      ],
      [
        '3',
        (site) => {
          site.write('shared/x.tmpl', '3');
        },
      ],
    ],
  ],
  [
    'an included file, whose folder is swapped',
    (site) => {
      site.confdir('etc', '{{include "parts/p"}}');
      site.write('etc/templates/parts/p', '0');
    },
    [
      [
        '1',
        (site) => {
          site.write('etc/templates/next/p', '1');
          site.move('etc/templates/parts', 'etc/templates/old');
          site.move('etc/templates/next', 'etc/templates/parts');
        },
      ],
      [
        '2',
        (site) => {
          site.write('etc/templates/parts/p', '2');
        },
      ],
    ],
  ],
  [
    'a Handlebars partial, whose folder is removed and made anew',
    (site) => {
      site.write('etc/conf.d/x.toml', toml('x.hbs', site.dest));
      site.write('etc/templates/x.hbs', '{{> parts/p}}');
      site.write('etc/templates/parts/p.hbs', '0');
    },
    [
      [
        '1',
        (site) => {
          site.remove('etc/templates/parts');
          site.write('etc/templates/parts/p.hbs', '1');
        },
      ],
      [
        '2',
        (site) => {
          site.write('etc/templates/parts/p.hbs', '2');
        },
      ],
    ],
  ],
  [
    'the confdir is a link and is turned; edits after that, and after SIGHUP',
    (site) => {
      for (const n of ['1', '2', '3']) site.confdir(`v${n}`, n);
      symlinkSync('v1', site.path('etc'));
    },
    [
      [
        '2',
        (site) => {
          site.turn('etc', 'v2');
        },
      ],
      [
        '2b',
        (site) => {
          site.write('v2/templates/x.tmpl', '2b');
        },
      ],
      [
        '2c',
        async (site) => {
          site.agent!.kill('SIGHUP');
          await sleep(1500);
          site.write('v2/templates/x.tmpl', '2c');
        },
      ],
      [
        '3',
        (site) => {
          site.turn('etc', 'v3');
        },
      ],
      [
        '3b',
        (site) => {
          site.write('v3/templates/x.tmpl', '3b');
        },
      ],
    ],
  ],
  [
    'the confdir is a ConfigMap, switched twice',
    (site) => {
      site.confdir('etc/..1', '1');
      symlinkSync('..1', site.path('etc/..data'));
      for (const name of ['conf.d', 'templates']) symlinkSync(`..data/${name}`, site.path(`etc/${name}`));
    },
    ['2', '3'].map((n) => [
      n,
      (site) => {
        site.confdir(`etc/..${n}`, n);
        site.turn('etc/..data', `..${n}`);
        site.remove(`etc/..${Number(n) - 1}`);
      },
    ]),
  ],
  [
    'conf.d and templates are ConfigMaps, switched twice',
    (site) => {
      site.write('etc/conf.d/..1/x.toml', toml('x.tmpl', site.dest));
      site.write('etc/templates/..1/x.tmpl', '1');
      for (const [folder, file] of configMaps) {
        symlinkSync('..1', site.path(`${folder}/..data`));
        symlinkSync(`..data/${file}`, site.path(`${folder}/${file}`));
      }
    },
    ['2', '3'].map((n) => [
      n,
      (site) => {
        site.write(`etc/conf.d/..${n}/x.toml`, toml('x.tmpl', site.dest));
        site.write(`etc/templates/..${n}/x.tmpl`, n);
        for (const [folder] of configMaps) site.turn(`${folder}/..data`, `..${n}`);
        for (const [folder] of configMaps) site.remove(`${folder}/..${Number(n) - 1}`);
      },
    ]),
  ],
];
const configMaps = [
  ['etc/conf.d', 'x.toml'],
  ['etc/templates', 'x.tmpl'],
] as const;

test.each(rows)('%s', async (_name, prepare, deeds) => {
  const site = new Site();
  await prepare(site);
  site.start();
  await waitFor('the first pass', () => existsSync(site.dest));
  await sleep(1500);
  for (const [text, deed] of deeds) {
    await deed(site);
    await says(site.dest, text);
  }
});

describe('the files of the file backend', () => {
  const list = '{{range gets "/app/*"}}{{.Value}}{{end}}';
  const yaml = (n: number) => `app: {k: ${n}}\n`;
  const fileRows: readonly (readonly [string, readonly string[], Deed, (site: Site, n: number) => void])[] = [
    [
      'a directory that is swapped by rename',
      ['data'],
      (site) => {
        site.write('data/a.yaml', yaml(0));
      },
      (site, n) => {
        site.write('next/a.yaml', yaml(n));
        site.move('data', `old${n}`);
        site.move('next', 'data');
      },
    ],
    [
      'a directory that is removed and made anew',
      ['data'],
      (site) => {
        site.write('data/sub/a.yaml', yaml(0));
      },
      (site, n) => {
        site.remove('data');
        site.write('data/sub/a.yaml', yaml(n));
      },
    ],
    [
      'a file that is replaced, named directly, with a filter that does not fit',
      ['values.conf', '-filter', '*.yaml'],
      (site) => {
        site.write('values.conf', yaml(0));
      },
      (site, n) => {
        site.write('new', yaml(n));
        site.move('new', 'values.conf');
      },
    ],
    [
      'a ConfigMap as a directory, with a filter',
      ['data', '-filter', '*.yaml'],
      (site) => {
        site.write('data/..0/a.yaml', yaml(0));
        symlinkSync('..0', site.path('data/..data'));
        symlinkSync('..data/a.yaml', site.path('data/a.yaml'));
        site.write('data/broken.txt', '[');
      },
      (site, n) => {
        site.write(`data/..${n}/a.yaml`, yaml(n));
        site.turn('data/..data', `..${n}`);
        site.remove(`data/..${n - 1}`);
      },
    ],
    [
      'a link to a directory, which is turned',
      ['now'],
      (site) => {
        site.write('v0/a.yaml', yaml(0));
        symlinkSync('v0', site.path('now'));
      },
      (site, n) => {
        site.write(`v${n}/a.yaml`, yaml(n));
        site.turn('now', `v${n}`);
      },
    ],
  ];

  test.each(fileRows)('%s', async (_name, [source, ...more], prepare, deed) => {
    const site = new Site();
    site.confdir('etc', list);
    await prepare(site);
    const usual = ['-watch', '-interval', '600', '-confdir', site.path('etc'), '-backend', 'file'];
    running.push(new Program('confd', [...usual, '-file', site.path(source!), ...more]));
    await site.ready('0');
    for (const n of [1, 2]) {
      deed(site, n);
      await says(site.dest, `${n}`);
    }
  });
});

/** The embedded store, and a resource that uses one of the keys below its keys. */
async function withStore(more = '', ...args: string[]) {
  const dir = new Confdir();
  mkdirSync(dir.path('out'));
  dir.write('etc/conf.d/x.toml', `${toml('x.tmpl', dir.path('out/x'), '/app')}${more.replaceAll('DIR', dir.root)}\n`);
  dir.write('etc/templates/x.tmpl', '{{getv "/app/used" "none"}}');
  const usual = ['-backend', 'embedded', '-listen', '127.0.0.1:0', '-confdir', dir.path('etc')];
  const agent = new Program('confd', [...usual, '-interval', '600', ...(args.length > 0 ? args : ['-watch'])]);
  running.push(agent);
  const url = await waitFor('the embedded store', () => /http:\/\/127\.0\.0\.1:\d+/.exec(agent.stderr)?.[0]);
  const put = async (key: string, value: string) => {
    await fetch(`${url}/v2/keys${key}`, { method: 'PUT', body: new URLSearchParams({ value }) });
  };
  const dest = dir.path('out/x');
  await says(dest, 'none');
  await sleep(1500); // dests are watched from now on
  return { dir, agent, put, dest };
}

const warnings = (agent: Program) => agent.log.filter((line) => line.includes('was changed by another program'));

describe('a dest, in watch mode', () => {
  test.each<[string, (dest: string) => void]>([
    [
      'removed',
      (dest) => {
        rmSync(dest);
      },
    ],
    [
      'moved away',
      (dest) => {
        renameSync(dest, `${dest}.old`);
      },
    ],
    [
      'gone with its folder, which is made anew',
      (dest) => {
        rmSync(dirname(dest), { recursive: true });
        mkdirSync(dirname(dest));
      },
    ],
    [
      'replaced by a link to nothing',
      (dest) => {
        rmSync(dest);
        symlinkSync('nothing', dest);
      },
    ],
  ])('%s: it is put back at once, again and again, with one reload each time', async (_name, deed) => {
    const { dir, dest } = await withStore('reload_cmd = "echo . >> DIR/reloads"');
    for (const n of [1, 2]) {
      deed(dest);
      await says(dest, 'none');
      await waitFor('the reload', () => content(dir.path('reloads')) === '.\n'.repeat(n + 1));
      await sleep(1500);
    }
    expect(content(dir.path('reloads'))).toBe('.\n'.repeat(3));
  });

  test.each<[string, (dest: string) => void]>([
    [
      'written to',
      (dest) => {
        appendFileSync(dest, ' by hand');
      },
    ],
    [
      'replaced by an editor',
      (dest) => {
        renameSync(dest, `${dest}~`);
        writeFileSync(dest, 'none by hand');
        rmSync(`${dest}~`);
      },
    ],
    [
      'given another mode',
      (dest) => {
        chmodSync(dest, 0o600);
      },
    ],
  ])('%s: it is said once, and restored by a key below keys, not by another', async (_name, deed) => {
    const { agent, put, dest } = await withStore();
    deed(dest);
    const edited = content(dest);
    await waitFor('the warning', () => warnings(agent).length > 0);
    await put('/else', '1');
    await sleep(1000);
    expect(content(dest)).toBe(edited);
    const updates = () => agent.log.filter((line) => line.endsWith('has been updated')).length;
    expect(updates()).toBe(1);
    await put('/app/unused', '1');
    await waitFor('the file to be restored', () => updates() === 2);
    expect(content(dest)).toBe('none');
    expect(warnings(agent)).toHaveLength(1);
  });

  test('a change that the template does not use starts no pass while dest is as it was left', async () => {
    const { agent, put, dest } = await withStore('', '-watch', '-log-level', 'debug');
    const passes = () => agent.log.filter((line) => line.startsWith('DEBUG Using source template')).length;
    const before = passes();
    for (const n of [1, 2, 3]) await put('/app/unused', `${n}`);
    await put('/app/used', 'new');
    await says(dest, 'new');
    await sleep(1500);
    expect(passes()).toBe(before + 1);
  });

  test('what confd writes itself is no change by somebody else, and wakes nobody', async () => {
    const { dir, agent, put, dest } = await withStore('reload_cmd = "echo . >> DIR/reloads"');
    for (const n of [1, 2, 3]) {
      await put('/app/used', `${n}`);
      await says(dest, `${n}`);
    }
    await waitFor('the reloads', () => content(dir.path('reloads')) === '.\n'.repeat(4));
    await sleep(2500);
    expect(content(dir.path('reloads'))).toBe('.\n'.repeat(4));
    expect(warnings(agent)).toEqual([]);
  });
});

test('when nothing is edited, nothing is loaded', async () => {
  const { agent } = await withStore('', '-watch', '-log-level', 'debug');
  const before = agent.log.length;
  await sleep(3000);
  expect(agent.log.slice(before)).toEqual([]);
});

test('interval mode leaves a dest alone until its next pass, as confd does', async () => {
  const { agent, dest } = await withStore('', '-interval', '600');
  rmSync(dest);
  await sleep(2500);
  expect(existsSync(dest)).toBe(false);
  expect(warnings(agent)).toEqual([]);
});

test.each(['etc', 'etc/conf.d'])('%s that is removed is reported once, and taken up when it is back', async (name) => {
  const site = new Site();
  site.confdir('etc', '1');
  const agent = site.start();
  await site.ready('1');
  site.remove(name);
  const complaints = () => agent.log.filter((line) => /^(ERROR|WARNING) .*(etc'|conf\.d)/.test(line));
  await waitFor('a complaint', () => complaints().length > 0);
  await sleep(2500);
  expect(complaints()).toHaveLength(1);
  site.confdir('etc', '2');
  await says(site.dest, '2');
  expect(complaints()).toHaveLength(1);
});

/** Runs confd where only so many inotify watches are allowed, or gives null where that cannot be arranged. */
function startWith(watches: number, args: readonly string[]): { pid: number; stderr: () => string } {
  const limited = `echo ${watches} > /proc/sys/user/max_inotify_watches && exec "$0" "$@"`;
  const bin = join(import.meta.dirname, '../../bin/confd');
  const child = spawn('unshare', ['-Ur', 'sh', '-c', limited, process.execPath, bin, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  afterwards.push(
    () =>
      new Promise((done) => {
        child.on('close', done);
        child.kill('SIGKILL');
      }),
  );
  return { pid: child.pid!, stderr: () => stderr };
}
const afterwards: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of afterwards.splice(0)) await end();
});

test.each([0, 4])('with %d inotify watches it says so once, and sees edits all the same', async (watches) => {
  const site = new Site();
  site.confdir('etc', '0');
  for (let n = 0; n < 20; n++) site.write(`etc/templates/${n}.tmpl`, '');
  const args = ['-watch', '-interval', '600', '-confdir', site.path('etc'), '-backend', 'file'];
  const agent = startWith(watches, [...args, '-file', site.path('data.yaml')]);
  const isRefused = () => /^(unshare|sh): /m.test(agent.stderr());
  await waitFor('the first pass', () => isRefused() || content(site.dest) === '0');
  if (isRefused()) return; // no namespaces for users here: what it would show is shown where there are
  await sleep(1500);
  for (const text of ['1', '2']) {
    site.write('etc/templates/x.tmpl', text);
    await says(site.dest, text);
  }
  rmSync(site.dest);
  await says(site.dest, '2');
  expect(agent.stderr().match(/WARNING The system does not report changes/g)).toHaveLength(1);
});
