import { beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declare } from '../../../src/template/funcs/funcs.ts';
import { goEngine } from '../../../src/template/gotext/template.ts';
import { Keyring } from '../../../src/template/funcs/keyring.ts';
import { readerOf, renderWaiting, still } from '../rendering.ts';

const made = JSON.parse(readFileSync(new URL('../../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
  'app' | 'bytes' | 'second' | 'foreign',
  string
>;

let keyring: Keyring;
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'secret-'));
  writeFileSync(join(dir, 'ring.asc'), made.app);
  keyring = await Keyring.open(join(dir, 'ring.asc'));
  rmSync(dir, { recursive: true });
});

const store = { '/sec/one': made.bytes, '/sec/two': made.second, '/plain': 'hunter2', '/foreign': made.foreign };
const render = (text: string, reader = readerOf(store)) => renderWaiting(text, reader, { ...still, keyring });

test.each(['cget', 'cgets', 'cgetv', 'cgetvs'])('%s without a key ring is no function', (name) => {
  expect(() => goEngine.compile('t', `{{${name} "/"}}`, declare(null))).toThrow(
    `template: t:1: function "${name}" not defined`,
  );
});

test.each([
  ['{{cgetv "/none"}}', 'error calling cgetv: key does not exist: /none'],
  ['{{cget "/none"}}', 'error calling cget: key does not exist: /none'],
  ['{{cgetv "/none" "default"}}', 'wrong number of args for cgetv: want 1 got 2'],
  ['{{cgetv "/plain"}}', 'error calling cgetv: illegal base64 data'],
  ['{{cgets "/*"}}', 'error calling cgets: '],
  ['{{cgetvs "["}}', 'error calling cgetvs: syntax error in pattern'],
  ['{{join (cgetv "/sec/one") ","}}', 'wrong type for value; expected []string; got string'],
])('%s', async (text, message) => {
  await expect(render(text)).rejects.toThrow(message);
  await expect(render(text)).rejects.not.toThrow('hunter2');
});

// The answers of confd 0.16, from its binary, on the same files.
test.each([
  ['{{cgetv "/sec/two"}}', 'second'],
  ['{{(cget "/sec/two").Value}} {{(cget "/sec/two").Key}}', 'second /sec/two'],
  ['{{cget "/sec/two"}}', '{/sec/two second}'],
  ['{{cgetv "/sec/one"}}', 'hunter2 \xff\n'],
  ['{{range cgets "/sec/*"}}{{.Key}}={{.Value}};{{end}}', '/sec/one=hunter2 \xff\n;/sec/two=second;'],
  ['{{cgets "/none/*"}}{{cgetvs "/none/*"}}', '[][]'],
  ['{{printf "%T %T" (cgets "/sec/*") (cget "/sec/one")}}', 'memkv.KVPairs memkv.KVPair'],
  [
    '{{range cgetvs "/sec/*"}}<{{.}}>{{end}}',
    made.bytes < made.second ? '<hunter2 \xff\n><second>' : '<second><hunter2 \xff\n>',
  ],
])('%s', async (text, out) => {
  expect(await render(text)).toBe(out);
});

test('what is decrypted is in the read set', async () => {
  const reader = readerOf(store);
  await render('{{cgetv "/sec/one"}}{{cgetvs "/other/*"}}', reader);
  expect(reader.readSet.hit(new Map([['/sec/one', 'changed']]))).toBe(true);
  expect(reader.readSet.hit(new Map([['/other/x', 'added']]))).toBe(true);
  expect(reader.readSet.hit(new Map([['/sec/two', 'changed']]))).toBe(false);
});
