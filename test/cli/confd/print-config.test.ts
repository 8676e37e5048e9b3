import { describe, expect, test } from '@jest/globals';
import { printConfig } from '../../../src/cli/confd/print-config.ts';
import { loadConfig } from '../../../src/config/confd.ts';
import { oldSettings, settings } from '../../../src/config/flags.ts';
import { parseFlags } from '../../../src/go/flag.ts';

const parseArgs = (args: readonly string[]) => parseFlags(args, [...settings, ...oldSettings]);

async function printed(args: string[], env: [string, string][] = []): Promise<string> {
  const { chosen } = await loadConfig(parseArgs(['-config-file=', ...args]).set, new Map(env));
  return printConfig(chosen);
}

describe('what must not be seen', () => {
  test.each([
    [['-password', 'hunter2']],
    [['-auth-token', 'hunter2']],
    [['-secret-id', 'hunter2']],
    [['-user-id', 'hunter2']],
    [['-backend', 'redis', '-client-key', 'hunter2']],
    [['-backend', 'reddis', '-client-key', 'hunter2']],
    [['-client-key', 'hunter2']],
    [['-node', 'http:/me:hunter2@h']],
    [['-srv-domain', 'https;//me:hunter2@h']],
    [['-prefix', 'http:\\\\me:hunter2@h']],
    [['-file', 'http//me:hunter2@h']],
    [['-node', 'http://me:hunter2@h:4001']],
    [['-node', 'http://me:p@hunter2@h:4001']],
    [['-node', 'http://me:p/hunter2@h:4001']],
    [['-node', 'me:hunter2@h:4001']],
  ])('%j', async (args) => {
    const table = await printed(args);
    expect(table).not.toContain('hunter2');
    expect(table).toContain('***');
  });
});

test.each([
  [['-password='], 'password', '""', 'flag -password'],
  [['-client-key', '/x.pem'], 'client-key', '***', 'flag -client-key'],
  [['-prefix', '/mail/me@corp:x'], 'prefix', '"/mail/me@corp:x"', 'flag -prefix'],
  [['-node', 'a', '-node', 'b c'], 'node', '["a","b c"]', 'flag -node'],
  [['-password-file', '/p'], 'password-file', '"/p"', 'flag -password-file'],
  [['-username', 'me@corp'], 'username', '"me@corp"', 'flag -username'],
  [['-interval', '0x10'], 'interval', '16', 'flag -interval'],
  [['-debounce', '1500ms'], 'debounce', '1.5s', 'flag -debounce'],
  [['-watch'], 'watch', 'true', 'flag -watch'],
  [['-quiet'], 'log-level', '"error"', 'flag -quiet'],
  [[], 'prefix', '"/e"', 'env CONFD_PREFIX'],
  [[], 'backend', '"etcd"', 'default'],
])('%j shows %s', async (args, name, value, source) => {
  const table = await printed(args, [['CONFD_PREFIX', '/e']]);
  const line = table.split('\n').find((one) => one.startsWith(`${name} `))!;
  expect(line.split(/ {2,}/)).toEqual([name, value, source]);
});

test('the columns are aligned and each setting has one row', async () => {
  const lines = (await printed([])).trimEnd().split('\n');
  const column = lines[0]!.indexOf('SET BY');
  expect(lines.filter((line) => line[column - 1] !== ' ' || line[column] === ' ')).toEqual([]);
  expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(lines.length);
});
