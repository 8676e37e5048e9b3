import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HttpClient } from '../../../src/backend/net/http.ts';
import { Token } from '../../../src/backend/net/token.ts';
import { etcdSettings } from '../../helpers/etcd-settings.ts';
import { ToyServer } from '../../helpers/toy-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'token-'));
const file = join(folder, 'token');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['none at all', { token: '', file: join(folder, 'none') }, /^cannot read the token file: ENOENT/],
  [
    'a header in it',
    { token: 'a\r\nX-Evil: b', file: '' },
    /^the token has characters that are not allowed in an HTTP header$/,
  ],
  [
    'letters of no header',
    { token: 'é', file: '' },
    /^the token has characters that are not allowed in an HTTP header$/,
  ],
])('a token with %s is refused, and not shown', async (_what, settings, message) => {
  await expect(Token.open('X-Token', settings)).rejects.toMatchObject({ code: 'settings' });
  await expect(Token.open('X-Token', settings)).rejects.toThrow(message);
});

test.each(['', '\n', ' \n'])('a file with %j has no token', async (text) => {
  writeFileSync(file, text);
  await expect(Token.open('X-Token', { token: '', file })).rejects.toThrow(/^the token file .* is empty$/);
});

test('none is none', async () => {
  expect(await Token.open('X-Token', { token: '', file: '' })).toBeNull();
});

describe('a token that is refused', () => {
  let server: ToyServer;
  let valid = 'new';
  beforeAll(async () => {
    server = await ToyServer.start((request, response) => {
      response.writeHead(request.headers['x-token'] === valid ? 200 : 403).end('ok');
    });
  });
  afterAll(() => server.close());
  const statusWith = async (token: Token | null) => {
    const http = await HttpClient.create({ ...etcdSettings([server.url]), token });
    const { status } = await http.get('/', new AbortController().signal);
    http.close();
    return status;
  };

  test('is read again from its file', async () => {
    writeFileSync(file, 'old\n');
    const token = await Token.open('X-Token', { token: 'passed over', file });
    expect(await statusWith(token)).toBe(403);
    writeFileSync(file, 'new\r\n');
    expect(await statusWith(token)).toBe(200);
    expect(token!.headers).toEqual({ 'X-Token': 'new' });
  });

  test('is what it is without a file', async () => {
    valid = 'other';
    expect(await statusWith(await Token.open('X-Token', { token: 'old', file: '' }))).toBe(403);
    expect(await statusWith(await Token.open('X-Token', { token: ' other ', file: '' }))).toBe(200);
    expect(await statusWith(null)).toBe(403);
  });
});
