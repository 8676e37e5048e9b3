import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Confdir, logOf, Program } from '../helpers/confd.ts';

const made = JSON.parse(readFileSync(new URL('../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
  'app' | 'second',
  string
>;

async function run(flags: readonly string[], template: string) {
  const dir = new Confdir();
  const dest = dir.resource('x', template, ['/v']);
  dir.write('ring.asc', made.app);
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root, '-log-level', 'debug', ...flags];
  const env = { V: made.second, RING: dir.path('ring.asc') };
  const { code, stderr } = await new Program(
    'confd',
    args.map((arg) => arg.replace('RING', env.RING)),
    env,
  ).ended;
  return { code, stderr, log: logOf(stderr), dest };
}

test('a key ring that is not there ends the start', async () => {
  const { code, log } = await run(['-secret-keyring', '/none.asc'], '');
  expect(code).toBe(1);
  expect(log).toEqual(['FATAL secret-keyring: open /none.asc: no such file or directory']);
});

test('without a key ring the functions are unknown', async () => {
  const { code, log } = await run([], '{{cgetv "/v"}}');
  expect(code).toBe(1);
  expect(log.filter((line) => line.startsWith('ERROR'))[0]).toContain('function "cgetv" not defined');
});

test('a value is not in the error that a function makes of it', async () => {
  const { code, stderr } = await run(['-secret-keyring', 'RING'], '{{atoi (cgetv "/v")}}');
  expect(code).toBe(1);
  expect(stderr).toContain('strconv.Atoi: parsing "***": invalid syntax');
  expect(stderr).not.toContain('second');
});

test('a value is decrypted into the file, and not into the log', async () => {
  const { code, stderr, dest } = await run(['-secret-keyring', 'RING'], '{{cgetv "/v"}}');
  expect(code).toBe(0);
  expect(readFileSync(dest, 'utf8')).toBe('second');
  expect(stderr).not.toContain('second');
});
