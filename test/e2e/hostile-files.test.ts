import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { confd, Confdir, logOf, Program } from '../helpers/confd.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A confdir of two resources, one of a data file and one of the environment. */
function placeWith(name: string, data: string): { dir: Confdir; file: string; bad: string; good: string } {
  const dir = new Confdir();
  mkdirSync(dir.path('data'));
  const file = dir.path(`data/${name}`);
  writeFileSync(file, data);
  const bad = dir.resource('bad', '{{range lsdir "/"}}{{.}} {{end}}', ['/']);
  dir.write(
    'conf.d/bad.toml',
    `${readFileSync(dir.path('conf.d/bad.toml'), 'utf8')}[backend]\nbackend = "file"\nfile = ["${file}"]\n`,
  );
  const good = dir.resource('good', 'host={{getv "/db/host"}}', ['/db']);
  return { dir, file, bad, good };
}

const deep = `{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
const list = (item: string): string => `[${Array<string>(10).fill(item).join(', ')}]`;
const bomb = `a0: &a0 []\n${Array.from({ length: 20 }, (_, n) => `a${n + 1}: &a${n + 1} ${list(`*a${n}`)}\n`).join('')}`;

describe('a file that cannot be read costs its own resource only', () => {
  test.each([
    ['JSON nested thousands deep', 'f.json', deep, /^ERROR .*f\.json: it is nested more than 200 levels deep/],
    [
      'YAML nested thousands deep',
      'f.yaml',
      `a: ${deep}`,
      /^ERROR .*f\.yaml: line 1: it is nested more than 200 levels deep/,
    ],
    [
      'aliases that multiply',
      'f.yaml',
      bomb,
      /^ERROR .*f\.yaml: line \d+: its aliases expand to more than 400000 values/,
    ],
  ])('%s', async (_name, name, data, message) => {
    const { dir, bad, good } = placeWith(name, data);
    const env = { DB_HOST: 'h' };
    const args = ['-backend', 'env', '-confdir', dir.root];
    const once = await confd(['-onetime', ...args], env);
    expect(once.code).toBe(1);
    expect(logOf(once.stderr)).toContainEqual(expect.stringMatching(message));
    expect(readFileSync(good, 'utf8')).toBe('host=h');
    expect(existsSync(bad)).toBe(false);

    const daemon = new Program('confd', ['-watch', ...args], env);
    while (!daemon.log.some((line) => message.test(line))) await sleep(50);
    writeFileSync(dir.path(`data/${name}`), '{"a": 1}');
    while (!existsSync(bad)) await sleep(50);
    expect((await daemon.stop()).code).toBe(0);
  });
});

test('a signal is heard while a large file is read', async () => {
  const line = (n: number): string => `key${n}: {host: 10.0.0.1, name: "x y", list: [a, b, c]}\n`;
  const { dir, file, bad } = placeWith('f.yaml', Array.from({ length: 400_000 }, (_, n) => line(n)).join(''));
  expect(readFileSync(file).length).toBeGreaterThan(20_000_000);
  const daemon = new Program('confd', ['-watch', '-backend', 'env', '-confdir', dir.root], { DB_HOST: 'h' });
  while (!existsSync(dir.path('good'))) await sleep(20);
  await sleep(1000); // the large file is being read
  const { code } = await daemon.stop();
  expect(code).toBe(0);
  expect(existsSync(bad)).toBe(false);
});

test('a file that is read in a thread says the same as one that is not', async () => {
  const data = (size: number): string =>
    `${Array.from({ length: 5000 }, (_, n) => `k${n}: [${n}, "é ${n}", 0x${n}]`).join('\n')}\n# ${'x'.repeat(size)}\n`;
  const { dir, file, bad } = placeWith('f.yaml', data(0));
  dir.write('templates/bad.tmpl', '{{range gets "/*/*"}}{{.Key}}={{.Value}}\n{{end}}');
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root];
  expect((await confd(args, { DB_HOST: 'h' })).code).toBe(0);
  const text = readFileSync(bad, 'utf8');
  expect(text.split('\n')).toHaveLength(15_001);
  expect(text).toContain('/k31/1=é 31\n/k31/2=49\n');
  writeFileSync(file, data(500_000));
  writeFileSync(bad, '');
  expect((await confd(args, { DB_HOST: 'h' })).code).toBe(0);
  expect(readFileSync(bad, 'utf8')).toBe(text);
});

test('a file that takes more memory than there is, and one without end', async () => {
  const line = (n: number): string => `key${n}: {host: 10.0.0.1, name: "x y", list: [a, b, c]}\n`;
  const { dir, bad, good } = placeWith('f.yaml', Array.from({ length: 80_000 }, (_, n) => line(n)).join(''));
  dir.resource(
    'endless',
    '{{range lsdir "/"}}{{.}}{{end}}',
    ['/'],
    '[backend]\nbackend = "file"\nfile = ["/dev/zero"]',
  );
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root];
  const { code, stderr } = await confd(args, { DB_HOST: 'h', NODE_OPTIONS: '--max-old-space-size=100' });
  expect(code).toBe(1);
  expect(stderr).toContain('f.yaml: there is not enough memory to read it');
  expect(stderr).toContain('cannot read /dev/zero: it is longer than 268435456 bytes');
  expect(existsSync(bad)).toBe(false);
  expect(readFileSync(good, 'utf8')).toBe('host=h');
});
