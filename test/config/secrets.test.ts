import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/confd.ts';
import { oldSettings, settings } from '../../src/config/flags.ts';
import { withFile } from '../../src/config/secrets.ts';
import { parseFlags } from '../../src/go/flag.ts';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));

function write(name: string, text: string, mode = 0o600): string {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return join(folder, name);
}

async function load(args: readonly string[], env: Record<string, string> = {}, toml = '', mode = 0o600) {
  const { set } = parseFlags(
    [`-config-file=${write('confd.toml', toml, mode)}`, ...args],
    [...settings, ...oldSettings],
  );
  const loaded = await loadConfig(set, new Map(Object.entries(env)));
  return { ...loaded, warnings: loaded.warnings.map(({ message }) => message) };
}

test('every secret has a file', () => {
  const secrets = settings.filter(({ secret }) => secret === true).map(({ name }) => name);
  expect(withFile(settings)).toEqual(secrets);
});

describe('both ways in one layer', () => {
  test.each<[string[], Record<string, string>, string, RegExp]>([
    [['-password', 'p', '-password-file', '/f'], {}, '', /^-password and -password-file cannot both be set/],
    [['-password-file', '/f', '-password='], {}, '', /^-password and -password-file cannot both be set/],
    [[], { CONFD_AUTH_TOKEN: 't', CONFD_AUTH_TOKEN_FILE: '/f' }, '', /^CONFD_AUTH_TOKEN and CONFD_AUTH_TOKEN_FILE /],
    [[], {}, 'secret_id = "s"\nsecret_id_file = "/f"', /confd\.toml:1 and .*confd\.toml:2 cannot both be set/],
    [['-password', 'p'], { CONFD_PASSWORD: 't', CONFD_PASSWORD_FILE: '/f' }, '', /^CONFD_PASSWORD and /],
  ])('%j %j %j', async (args, env, toml, message) => {
    const error = (await load(args, env, toml).catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(message) as unknown });
    expect(error.message).toMatch(/cannot both be set: set the secret, or the file that holds it$/);
  });
});

describe('ways in different layers', () => {
  test.each<[string[], Record<string, string>, string, string, string]>([
    [[], {}, 'password = "p"', 'p', ''],
    [[], {}, 'password_file = "/f"', '', '/f'],
    [[], { CONFD_PASSWORD: 'e' }, 'password_file = "/f"', 'e', ''],
    [[], { CONFD_PASSWORD_FILE: '/e' }, 'password = "p"', '', '/e'],
    [['-password-file', '/flag'], { CONFD_PASSWORD: 'e' }, 'password = "p"', '', '/flag'],
    [['-password', 'flag'], { CONFD_PASSWORD_FILE: '/e' }, 'password_file = "/f"', 'flag', ''],
    [['-password='], { CONFD_PASSWORD_FILE: '/e' }, '', '', ''],
  ])('%j %j %j', async (args, env, toml, password, passwordFile) => {
    expect((await load(args, env, toml)).config).toMatchObject({ password, passwordFile });
  });
});

describe('files that everyone can read', () => {
  const warned = async (args: readonly string[], toml = '', mode = 0o600) => {
    chmodSync(folder, 0o755);
    return (await load(args, {}, toml, mode)).warnings.join('\n');
  };

  test.each<[string, string, string, number]>([
    ['a file with a password', '-password-file', 'open', 0o644],
    ['a client key', '-client-key', 'open', 0o604],
  ])('%s', async (_name, flag, name, mode) => {
    const file = write(name, 'hunter2', mode);
    const warnings = await warned([flag, file]);
    expect(warnings).toContain(`${file} holds a secret and is readable by everyone: chmod o-r ${file}`);
    expect(warnings).not.toContain('hunter2');
  });

  test('a configuration file with a password in it', async () => {
    expect(await warned([], 'password = "hunter2"', 0o644)).toMatch(/^.*confd\.toml holds a secret /);
    expect(await warned([], 'username = "me"', 0o644)).toBe('');
    expect(await warned(['-password', 'p'], 'password = "hunter2"', 0o644)).toBe('');
  });

  test.each<[string, number, number]>([
    ['one for its owner', 0o600, 0o755],
    ['one for its group', 0o640, 0o755],
    ['one in a directory that others cannot enter', 0o644, 0o750],
  ])('not %s', async (_name, mode, folderMode) => {
    const file = write('mine', 'p', mode);
    chmodSync(folder, folderMode);
    expect((await load(['-password-file', file])).warnings).toEqual([]);
  });

  test('nor one that is not there: opening the store will tell', async () => {
    expect(await warned(['-password-file', '/nowhere/p'])).toBe('');
  });
});
