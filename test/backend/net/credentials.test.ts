import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Credentials, type CredentialSettings } from '../../../src/backend/net/credentials.ts';

const nobody: CredentialSettings = { basicAuth: true, username: 'me', password: '', passwordFile: '' };

function fileOf(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'credentials-')), 'password');
  writeFileSync(file, text);
  return file;
}

describe('files that hold no password', () => {
  test.each([
    ['none', () => '/nowhere/password', /^cannot read the password file: ENOENT.*'\/nowhere\/password'$/],
    ['a directory', () => tmpdir(), /^cannot read the password file: EISDIR/],
    ['an empty one', () => fileOf(''), /^the password file .*\/password is empty$/],
    ['a line of nothing', () => fileOf('\n'), /^the password file .*\/password is empty$/],
  ])('%s', async (_name, file, message) => {
    const error = Credentials.open({ ...nobody, passwordFile: file() });
    await expect(error).rejects.toMatchObject({ code: 'settings', message: expect.stringMatching(message) as unknown });
  });
});

describe('nobody asks', () => {
  test.each([
    ['no password', nobody],
    ['no name', { ...nobody, username: '', password: 'p' }],
    ['no wish', { ...nobody, basicAuth: false, password: 'p' }],
    ['no wish, and a file that is not read', { ...nobody, basicAuth: false, passwordFile: '/nowhere' }],
  ])('%s', async (_name, settings) => {
    expect(await Credentials.open(settings)).toBeNull();
  });
});

test.each([
  ['p', 'p'],
  ['p\n', 'p'],
  ['p\r\n', 'p'],
  ['p\n\n', 'p\n'],
  [' p q ', ' p q '],
  ['ü\n', 'ü'],
])('a file with %j holds the password %j', async (text, password) => {
  const credentials = await Credentials.open({ ...nobody, passwordFile: fileOf(text) });
  expect(credentials?.login).toEqual({ username: 'me', password });
});

describe('renewal', () => {
  test('a password that was given stays', async () => {
    const credentials = (await Credentials.open({ ...nobody, password: 'p' }))!;
    expect(await credentials.renew(credentials.login)).toBe(false);
  });

  test('a file is read once for all who were refused', async () => {
    const file = fileOf('old');
    const credentials = (await Credentials.open({ ...nobody, passwordFile: file }))!;
    const { login } = credentials;
    expect(await credentials.renew(login)).toBe(false);
    writeFileSync(file, 'new\n');
    expect(await credentials.renew(login)).toBe(true);
    expect(credentials.login.password).toBe('new');
    writeFileSync(file, '');
    expect(await credentials.renew(login)).toBe(true);
    await expect(credentials.renew(credentials.login)).rejects.toThrow('is empty');
  });
});
