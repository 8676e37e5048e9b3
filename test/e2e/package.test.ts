import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Confdir, type Ended, waitFor } from '../helpers/confd.ts';
import { runDockerfile } from '../helpers/dockerfile.ts';
import { Etcd3Server } from '../helpers/etcd3-server.ts';
import { freePort } from '../helpers/port.mjs';
import { printedCommands } from '../helpers/printed.ts';
import { installTarball, packTarball } from '../helpers/tarball.ts';

// What users get: the tarball of npm, installed in an empty folder, and what the Dockerfile puts into the image.

const root = join(import.meta.dirname, '../..');
const mostBytes = 15e6;
const secconf = JSON.parse(readFileSync(join(root, 'test/helpers/secconf/secconf.json'), 'utf8')) as Record<
  string,
  string
>;

/** What etcd 3.6 answers to those who ask for the v2 API. */
const withoutV2: RequestListener = ({ url }, response) => {
  if (url === '/version') response.end('{"etcdserver":"3.6.0","etcdcluster":"3.6.0"}');
  else response.writeHead(404).end('404 page not found\n');
};

/** Where the three programs of a place are, and the folder of the package there. */
interface Place {
  readonly bin: string;
  readonly folder: string;
}

/** Made once, by whoever needs it first. */
let installation: ReturnType<typeof installTarball> | undefined;
let tarball: string | undefined;
const installedPlace = (): Place => {
  const { folder: installed } = (installation ??= installTarball((tarball ??= packTarball(root))));
  return { bin: join(installed, 'node_modules/.bin'), folder: join(installed, 'node_modules/confd-node') };
};
const imagePlace = (): Place => {
  const image = runDockerfile(root);
  return { bin: join(image.root, 'usr/local/bin'), folder: join(image.root, 'opt/confd') };
};

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe.each([
  ['the installed tarball', installedPlace],
  ['what the image holds', imagePlace],
])('%s', (_name, make) => {
  let place: Place;
  const cwd = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    CONFD_STATE_DIR: join(cwd, 'state'),
    PATH: [place.bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    ...more,
  });

  /** Starts one of the programs by its name, as a shell finds it. */
  function start(program: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const child = spawn(program, args, { cwd, env: env(more), stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, ...said });
      });
    });
    const stop = () => {
      child.kill();
      return ended;
    };
    return { said, ended, stop };
  }

  beforeAll(() => {
    place = make();
  }, 300_000);

  test.each([
    ['confd', '-version', /^confd \d/],
    ['mini-etcd', '-version', /\d/],
    ['confd-watch', '-h', /^Usage: confd-watch/],
    ['confd', '-h', /^Usage of /],
    ['confd', 'help', /confd/],
    ['confd', '-print-config', /backend/],
  ])('%s %s', async (program, flag, text) => {
    const { code, stdout, stderr } = await start(program, [flag]).ended;
    expect([code, stdout + stderr]).toEqual([0, expect.stringMatching(text)]);
  });

  const renders: readonly (readonly [string, string, string, string])[] = [
    ['Go’s language', 'a.tmpl', '{{getv "/app/x"}}', 'one'],
    ['regular expressions', 'a.tmpl', '{{regexReplaceAll "o(.)" (getv "/app/x") "$1"}}', 'ne'],
    ['Handlebars', 'a.hbs', '{{#each (getvs "/app/*")}}{{this}}{{/each}}', 'one'],
    ['encrypted values', 'a.tmpl', '{{cgetv "/secret"}}', 'second'],
  ];
  test.each(renders)('%s', async (_what, src, template, output) => {
    const confdir = new Confdir();
    confdir.write(`templates/${src}`, template);
    confdir.write('keyring', secconf['app']!);
    const dest = confdir.path('out');
    confdir.write(
      'conf.d/a.toml',
      `[template]\nsrc = "${src}"\ndest = "${dest}"\nkeys = ["/app", "/secret"]\ncheck_cmd = "grep -q . {{.src}}"\n`,
    );
    const args = ['-onetime', '-backend', 'env', '-confdir', confdir.root, '-secret-keyring', confdir.path('keyring')];
    const { code, stderr } = await start('confd', args, { APP_X: 'one', SECRET: secconf['second']! }).ended;
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(/ERROR|WARNING/)]);
    expect(readFileSync(dest, 'utf8')).toBe(output);
  });

  test('YAML', async () => {
    const confdir = new Confdir();
    const dest = confdir.resource('a', '{{getv "/app/x"}}', ['/app']);
    confdir.write('values.yaml', 'app:\n  x: one\n');
    const args = ['-onetime', '-backend', 'file', '-file', confdir.path('values.yaml'), '-confdir', confdir.root];
    expect((await start('confd', args).ended).code).toBe(0);
    expect(readFileSync(dest, 'utf8')).toBe('one');
  });

  test.each(['etcdv3', 'etcd'])('-backend %s against an etcd that speaks gRPC', async (backend) => {
    const server = await Etcd3Server.start({ http: withoutV2 });
    try {
      server.put('/app/x', 'one');
      const confdir = new Confdir();
      const dest = confdir.resource('a', '{{getv "/app/x"}}', ['/app']);
      const args = ['-backend', backend, '-node', server.url, '-confdir', confdir.root];
      const { code, stderr } = await start('confd', ['-onetime', ...args]).ended;
      expect([code, stderr]).toEqual([0, expect.not.stringMatching(/ERROR/)]);
      expect(readFileSync(dest, 'utf8')).toBe('one');
      const watching = start('confd', ['-watch', ...args]);
      await waitFor('a watch', () => (server.seen.get('Watch') ?? 0) > 0);
      server.put('/app/x', 'two');
      await waitFor('the change', () => readFileSync(dest, 'utf8') === 'two');
      expect((await watching.stop()).code).toBe(0);
    } finally {
      await server.close();
    }
  });

  test('confd-watch follows a mini-etcd, at once, and edits of the template', async () => {
    const port = await freePort();
    const etcd = start('mini-etcd', ['-in-memory', '-addr', `127.0.0.1:${port}`]);
    const put = (value: string) =>
      fetch(`http://127.0.0.1:${port}/v2/keys/app/x`, { method: 'PUT', body: new URLSearchParams({ value }) });
    await waitFor('mini-etcd', () =>
      put('one')
        .then(({ ok }) => ok)
        .catch(() => false),
    );
    const confdir = new Confdir();
    const dest = confdir.resource(
      'a',
      '{{getv "/app/x"}}',
      ['/app'],
      `reload_cmd = "echo again >>${confdir.path('log')}"`,
    );
    const settings = { HOST_IP: '127.0.0.1', ETCD_PORT: String(port), CONFD_FILE: confdir.path('conf.d/a.toml') };
    const more = { CONFD_OPTS: `-confdir ${confdir.root}`, CONFD_INTERVAL: '600' };
    const wrapper = start('confd-watch', ['--', 'sleep', '1000'], { ...settings, ...more });
    await waitFor('the service', () => wrapper.said.stdout.includes('[sleep] starting sleep...'));
    expect(readFileSync(dest, 'utf8')).toBe('one');
    // Longer than the test may take: only the watch can bring it.
    const read = () => readFileSync(dest, 'utf8');
    await waitFor('a watching agent', () => wrapper.said.stderr.split('Starting confd').length > 1);
    await put('two');
    await waitFor('the change', () => read() === 'two');
    confdir.write('templates/a.tmpl', 'now {{getv "/app/x"}}');
    await waitFor('the edit', () => read() === 'now two');
    await wrapper.stop();
    expect(readFileSync(confdir.path('log'), 'utf8').split('\n').length).toBeGreaterThanOrEqual(3);
    await etcd.stop();
  });

  test('no other package is needed, and the licences of those inside are there', () => {
    expect(files(place.folder).filter((path) => path.includes('node_modules/confd-node/node_modules'))).toEqual([]);
    const licences = readFileSync(join(place.folder, 'dist/THIRD-PARTY.txt'), 'utf8');
    const bundled = ['handlebars', '@iarna/toml', 'chokidar', 'execa', 'yargs', 'etcd3', '@grpc/grpc-js', 'openpgp'];
    for (const name of bundled) expect(licences).toMatch(new RegExp(`^${name} [0-9.]+ \\(`, 'm'));
    expect(readFileSync(join(place.folder, 'LICENSE'), 'utf8')).toMatch(/^MIT License\n/);
  });
});

describe('the tarball', () => {
  let installed: string;
  const folder = () => join(installed, 'node_modules/confd-node');
  const manifest = () => JSON.parse(readFileSync(join(folder(), 'package.json'), 'utf8')) as Record<string, unknown>;

  beforeAll(() => {
    installed = join(installedPlace().bin, '../..');
  }, 300_000);

  test('is all that is installed, and small', () => {
    const modules = join(installed, 'node_modules');
    expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['confd-node']);
    const bytes = files(modules).reduce((sum, path) => sum + lstatSync(path).blocks * 512, 0);
    expect(bytes).toBeLessThan(mostBytes);
  });

  test('runs nothing when it is installed', () => {
    const scripts = manifest()['scripts'] as Record<string, string>;
    expect(Object.keys(scripts).filter((name) => /^((pre|post)?install|prepare)$/.test(name))).toEqual([]);
    expect(existsSync(join(folder(), 'binding.gyp'))).toBe(false);
    expect(installation!.warnings).not.toMatch(/script/);
  });

  test('says whose it is', () => {
    expect(manifest()).toMatchObject({ license: 'MIT', repository: { type: 'git' }, author: 'The confd-node authors' });
    expect(manifest()['keywords']).toContain('confd');
  });

  test('holds what users need, and nothing that they do not', () => {
    const names = files(folder()).map((path) => relative(folder(), path));
    expect(names).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'docs/templates.md', 'packaging/confd.service', 'dist/types/index.d.ts'],
        ...['conf.d/nginx.toml', 'templates/nginx.tmpl'],
      ]),
    );
    expect(names.filter((name) => /\.map$|^(src|test|bench|fuzz|scripts)\//.test(name))).toEqual([]);
  });

  test('every link in its Markdown leads somewhere', () => {
    const pages = files(folder()).filter((path) => path.endsWith('.md'));
    const dead = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link]) => link!)
        .filter((link) => !/^[a-z]+:/.test(link) && !leads(page, link))
        .map((link) => `${relative(folder(), page)}: ${link}`),
    );
    expect(pages.length).toBeGreaterThan(10);
    expect(dead).toEqual([]);
  });

  // Each is an error where it stands; an error that does not come is one, too.
  const misused = `
// @ts-expect-error: an unknown setting
await openBackend({ backend: 'env', nods: [] });
// @ts-expect-error: a text is no number
templateFunc(['string'], 'string', (text) => text * 2);
// @ts-expect-error: not exported
import { nothing } from 'confd-node';
`;
  test('its types are there, and say what is wrong', () => {
    const code = `import { BackendError, compile, createAgent, openBackend, type Plain, templateFunc } from 'confd-node';
const data: Plain = { name: 'world', tags: ['a'] };
const funcs = new Map([['shout', templateFunc(['string'], 'string', (text) => text.toUpperCase())]]);
export const text: string = compile('t', '{{shout .name}}', { funcs }).render(data);
export const bytes: Buffer = compile('t', '{{.}}').renderBytes(1n);
export async function once(confdir: string, signal: AbortSignal): Promise<boolean> {
  try {
    const backend = await openBackend({ backend: 'env', env: new Map([['APP_HOST', '10.0.0.5']]) });
    return await createAgent({ backend, confdir, signal }).once();
  } catch (error) {
    return error instanceof BackendError && error.message === '';
  }
}
${misused}`;
    writeFileSync(join(installed, 'consumer.ts'), code);
    const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', lib: ['es2023'] };
    const typeRoots = [join(root, 'node_modules/@types')];
    writeFileSync(
      join(installed, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, types: ['node'], typeRoots }, files: ['consumer.ts'] }),
    );
    const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', installed];
    expect(spawnSync(process.execPath, tsc, { encoding: 'utf8' }).stdout).toBe('');
  });

  test('npm install -g, as the README prints it', () => {
    const line = printedCommands().find((command) => command.includes('npm install -g'))!;
    const cwd = dirname(tarball!);
    const prefix = mkdtempSync(join(tmpdir(), 'global-'));
    const settings = { npm_config_prefix: prefix, npm_config_offline: 'true', npm_config_cache: join(prefix, 'cache') };
    execFileSync('sh', ['-c', line.replace('npm ci && npm pack && ', '')], {
      cwd,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    expect(readdirSync(join(prefix, 'bin')).sort()).toEqual(['confd', 'confd-watch', 'mini-etcd']);
    expect(readdirSync(join(prefix, 'lib/node_modules'))).toEqual(['confd-node']);
    expect(execFileSync(join(prefix, 'bin/confd'), ['-version'], { encoding: 'utf8' })).toMatch(/^confd \d/);
  });

  test('the library runs', () => {
    const code = "import { compile } from 'confd-node'; process.stdout.write(compile('t', '{{len .}}').render('abc'));";
    writeFileSync(join(installed, 'consumer.mjs'), code);
    expect(execFileSync(process.execPath, [join(installed, 'consumer.mjs')], { encoding: 'utf8' })).toBe('3');
  });
});

test('the Dockerfile’s base is one certain image, and has what the entry point calls', () => {
  const { from, entrypoint, packages, workdir } = runDockerfile(root);
  expect(from).toMatch(/^node:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}$/);
  expect([entrypoint, workdir]).toEqual([['/usr/bin/tini', '--', 'confd'], '/etc/confd']);
  expect(packages).toContain('tini');
});

/** Whether a relative link in a page names a file of the package, and a heading in it. */
function leads(page: string, link: string): boolean {
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path!);
  if (!existsSync(target)) return false;
  if (anchor === undefined || statSync(target).isDirectory()) return anchor === undefined;
  const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(anchor);
}
