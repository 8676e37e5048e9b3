import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GoError } from '../../../src/go/value.ts';
import { Suspend, TemplateError } from '../../../src/template/engine/engine.ts';
import { Keyring } from '../../../src/template/funcs/keyring.ts';

// Made with GnuPG by test/helpers/secconf/make.sh; the tests of encrypted values read the same files as confd 0.16.
const made = new Map(
  Object.entries(
    JSON.parse(readFileSync(new URL('../../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
      string,
      string
    >,
  ),
);

const dir = mkdtempSync(join(tmpdir(), 'keyring-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function ring(...texts: string[]): Promise<Keyring> {
  const path = join(dir, 'ring.asc');
  writeFileSync(path, texts.join('\n'), 'latin1');
  return Keyring.open(path);
}

async function decrypt(keyring: Keyring, ...values: string[]): Promise<string[]> {
  for (;;) {
    try {
      return keyring.decrypt(values);
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
}

describe('a key ring that is none', () => {
  const asRoot = process.getuid?.() === 0;
  test.each([
    ['none.asc', 'open PATH: no such file or directory'],
    ['.', 'read PATH: is a directory'],
    ['ring.asc/x', 'open PATH: not a directory'],
  ])('%s', async (name, message) => {
    writeFileSync(join(dir, 'ring.asc'), '');
    const path = join(dir, name);
    await expect(Keyring.open(path)).rejects.toMatchObject({
      name: 'TemplateError',
      message: `secret-keyring: ${message.replace('PATH', path)}`,
    });
  });

  (asRoot ? test.skip : test)('one that may not be read', async () => {
    writeFileSync(join(dir, 'closed'), '', { mode: 0 });
    await expect(Keyring.open(join(dir, 'closed'))).rejects.toThrow('permission denied');
  });

  test.each([
    ['an empty file', '', 'no armored PGP private key in it'],
    ['public keys', made.get('public')!, 'no armored PGP private key in it'],
    ['a locked key', made.get('locked')!, 'its private keys have a passphrase; confd can only use keys without one'],
    ['a damaged key', made.get('app')!.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n'), 'a private key cannot be read'],
  ])('%s', async (_name, text, message) => {
    await expect(ring(text)).rejects.toThrow(TemplateError);
    await expect(ring(text)).rejects.toThrow(`ring.asc: ${message}`);
  });
});

describe('a value that is none', () => {
  let app: Keyring;
  beforeAll(async () => {
    app = await ring(made.get('app')!);
  });

  const second = made.get('second')!;
  test.each([
    ['nothing', '', 'EOF'],
    ['plain text', 'hunter2!', 'illegal base64 data at input byte 7'],
    ['base64 of something else', 'aHVudGVyMg==', 'openpgp: invalid data: not a PGP message'],
    ['gzip alone', gzipSync('hunter2').toString('base64'), 'openpgp: invalid data: not a PGP message'],
    ['one for another key', made.get('foreign')!, 'openpgp: incorrect key'],
    ['one that is not zipped', made.get('unzipped')!, 'gzip: invalid header'],
    ['a part of one', second.slice(0, 300), 'openpgp'],
    ['half of one', second.slice(0, 420), 'openpgp'],
    ['a changed one', `${second.slice(0, -40)}AAAA${second.slice(-36)}`, 'openpgp'],
  ])('%s', async (_name, value, message) => {
    await expect(decrypt(app, value)).rejects.toThrow(GoError);
    await expect(decrypt(app, value)).rejects.toThrow(message);
    await expect(decrypt(app, value)).rejects.not.toThrow(/hunter2/);
  });
});

describe('what GnuPG encrypted', () => {
  test.each([
    ['app', 'bytes', 'hunter2 \xff\n'],
    ['app', 'second', 'second'],
    ['app', 'empty', ''],
    ['app', 'both', 'of two'],
    ['app', 'withoutMdc', 'plain'],
    ['app', 'zlib', 'packed'],
    ['elliptic', 'curves', 'curves'],
    ['old', 'elgamal', 'elgamal'],
  ])('with the key %s: %s', async (key, value, text) => {
    expect(await decrypt(await ring(made.get(key)!), made.get(value)!)).toEqual([text]);
  });

  test('lines of base64, several keys, several values', async () => {
    const keyring = await ring('a comment', made.get('locked')!, made.get('old')!, made.get('app')!);
    const lines = made.get('second')!.replace(/.{60}/g, '$&\r\n');
    expect(await decrypt(keyring, lines, made.get('elgamal')!, made.get('second')!)).toEqual([
      'second',
      'elgamal',
      'second',
    ]);
  });
});

describe('what openpgp encrypted', () => {
  let keyring: Keyring;
  let seal: (bytes: Buffer) => Promise<string>;
  beforeAll(async () => {
    const pgp = await import('openpgp');
    const { privateKey } = await pgp.generateKey({ type: 'ecc', userIDs: [{ name: 'a' }] });
    const encryptionKeys = await pgp.readPrivateKey({ armoredKey: privateKey });
    keyring = await ring(privateKey);
    seal = async (binary) => {
      const message = await pgp.createMessage({ binary });
      const encrypted = (await pgp.encrypt({ message, encryptionKeys, format: 'binary' })) as Uint8Array;
      return Buffer.from(encrypted).toString('base64');
    };
  });

  test('is read', async () => {
    const value = await seal(gzipSync(Buffer.from('schön')));
    expect(await decrypt(keyring, value)).toEqual([Buffer.from('schön').toString('latin1')]);
  });

  test('is refused when its gzip is cut short', async () => {
    await expect(decrypt(keyring, await seal(gzipSync('hunter2').subarray(0, -4)))).rejects.toThrow(
      /^gzip: invalid data$/,
    );
  });

  test('is not in messages, in no form, if it is longer than two characters', async () => {
    for (const text of ['ab', ' ab ', 'abc', 'schön', ' se"cret\n'])
      await decrypt(keyring, await seal(gzipSync(Buffer.from(text))));
    await expect(decrypt(keyring, 'hunter2!')).rejects.toThrow();
    const rows = [
      ['ab abc', 'ab ***'],
      ['a schön b', 'a *** b'],
      ['at < se"cret\n>', 'at <***>'],
      ['at <se"cret>', 'at <***>'],
      ['at " se\\"cret\\n"', 'at "***"'],
    ];
    expect(rows.map(([message]) => keyring.hide(message!))).toEqual(rows.map(([, hidden]) => hidden));
  });
});

test('a value is decrypted once', async () => {
  const keyring = await ring(made.get('app')!);
  const value = made.get('second')!;
  expect(() => keyring.decrypt([value])).toThrow(Suspend);
  await decrypt(keyring, value);
  expect(keyring.decrypt([value, value])).toEqual(['second', 'second']);
});
