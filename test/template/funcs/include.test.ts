import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromText } from '../../../src/go/bytes.ts';
import { Templates } from '../../../src/template/template-cache.ts';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { Includes } from '../../../src/template/funcs/include.ts';
import { readerOf, renderWaiting, still } from '../rendering.ts';

let root: string;
let dir: string; // templates
let includes: Includes;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'include-')));
  dir = join(root, 'templates');
  await mkdir(dir);
  includes = new Includes(new Templates(), dir);
});
afterEach(() => rm(root, { recursive: true }));

async function files(texts: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text, 'latin1');
  }
}

const render = (text: string, store: Record<string, string> = {}) =>
  renderWaiting(text, readerOf(store), { ...still, includes });

/** The message, with the folder's name out of the way, and the name of the template that it is about. */
async function errorOf(text: string): Promise<string> {
  const error: unknown = await render(text).catch((thrown: unknown) => thrown);
  return error instanceof TemplateError ? error.message.replaceAll(dir, 'DIR') : `no TemplateError: ${String(error)}`;
}

const calling = (name: string, message: string) =>
  `template: t:1:2: executing "t" at <include ${JSON.stringify(name)}>: error calling include: ${message}`;

describe('what is refused', () => {
  test.each([
    ['../x', 'include path "../x" is outside template directory'],
    ['/../../etc/passwd', 'include path "/../../etc/passwd" is outside template directory'],
    ['a/../../templates-of-another/x', 'include path "a/../../templates-of-another/x" is outside template directory'],
    ['', 'include path "" is outside template directory'],
    ['.', 'include path "." is outside template directory'],
    ['link/secret', 'include path "link/secret" is outside template directory'],
    ['leak', 'include path "leak" is outside template directory'],
    ['none', 'include none: open DIR/none: no such file or directory'],
    ['folder', 'include folder: read DIR/folder: is a directory'],
    ['pipe', 'include pipe: open DIR/pipe: it is a named pipe, and not a file'],
    ['device', 'include path "device" is outside template directory'],
    ['file/x', 'include file/x: open DIR/file/x: not a directory'],
    ['loop', 'include loop: open DIR/loop: too many levels of symbolic links'],
    ['a\\x00b', 'include a\0b: open DIR/a\0b: invalid argument'],
  ])('%s', async (name, message) => {
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere', 'secret'), 'hunter2');
    await symlink(join(root, 'elsewhere'), join(dir, 'link'));
    await symlink('../elsewhere/secret', join(dir, 'leak'));
    await symlink('loop', join(dir, 'loop'));
    await symlink('/dev/zero', join(dir, 'device'));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await files({ file: '' });
    await mkdir(join(dir, 'folder'));
    const written = `{{include "${name}"}}`;
    expect(await errorOf(written)).toBe(calling(name, message).replace('\\\\x00', '\\x00'));
  });

  const asRoot = process.getuid?.() === 0;
  (asRoot ? test.skip : test)('a file that may not be read', async () => {
    await files({ x: '' });
    await chmod(join(dir, 'x'), 0);
    expect(await errorOf('{{include "x"}}')).toBe(calling('x', 'include x: open DIR/x: permission denied'));
  });

  test.each([
    [
      'a text that does not parse',
      { x: 'a\n{{nofunc}}' },
      'parse include x: template: x:2: function "nofunc" not defined',
    ],
    [
      'a text that does not run',
      { x: 'a\n {{getv "/none"}}' },
      'execute include x: template: x:2:3: executing "x" at <getv "/none">: error calling getv: key does not exist: /none',
    ],
    [
      'a file that includes itself',
      { x: '{{include "x"}}' },
      'execute include x: template: x:1:2: executing "x" at <include "x">: error calling include: ' +
        'include cycle detected: DIR/x is already being processed',
    ],
    [
      'files that include each other',
      { x: '{{include "sub/y"}}', 'sub/y': '{{include "./x"}}' },
      'execute include x: template: x:1:2: executing "x" at <include "sub/y">: error calling include: ' +
        'execute include sub/y: template: y:1:2: executing "y" at <include "./x">: error calling include: ' +
        'include cycle detected: DIR/x is already being processed',
    ],
  ])('%s', async (_name, texts, message) => {
    await files(texts);
    expect(await errorOf('{{include "x"}}')).toBe(calling('x', message));
  });

  test('an eleventh level, and not a tenth', async () => {
    for (let i = 1; i < 11; i++) await files({ [String(i)]: `${i} {{include "${i + 1}"}}` });
    await files({ '10': 'end' });
    expect(await render('{{include "1"}}')).toBe('1 2 3 4 5 6 7 8 9 end');
    await files({ '10': '{{include "11"}}', '11': '' });
    includes = new Includes(new Templates(), dir);
    expect(await errorOf('{{include "1"}}')).toMatch(/error calling include: maximum include depth \(10\) exceeded$/);
  });

  test.each(['{{include}}', '{{include 1}}'])('%s', async (text) => {
    await expect(render(text)).rejects.toThrow(TemplateError);
  });
});

describe('what is included', () => {
  const texts = {
    plain: 'Ä\n',
    dot: '[{{.}}]',
    keys: '{{getv "/a"}}{{range ls "/dir"}} {{.}}{{end}}',
    deep: '{{range seq 1 .}}{{include "dot" .}}{{end}}',
    bytes: '\xff\0\r\n',
    'sub/x': 'sub {{include "sub/y"}}',
    'sub/y': 'y',
    defines: '{{define "inner"}}own{{end}}{{template "inner"}}',
    ['__proto__']: 'proto',
    constructor: 'made',
  };
  test.each([
    ['{{include "plain"}}', fromText('Ä\n')],
    ['{{include "plain"}}{{include "plain"}}', fromText('Ä\nÄ\n')],
    ['{{include "dot"}}', '[<no value>]'],
    ['{{include "dot" 5}}', '[5]'],
    ['{{include "dot" "a" "b"}}', '[a]'],
    ['{{"a" | include "dot"}}', '[a]'],
    ['{{include "dot" (map "a" 1)}}', '[map[a:1]]'],
    ['{{include "keys"}}', '1 x y'],
    ['{{include "deep" 3}}', '[1][2][3]'],
    ['{{include "bytes"}}', '\xff\0\r\n'],
    ['{{include "sub/x"}}{{include "/sub/./y"}}{{include "nothing/../dot"}}', 'sub yy[<no value>]'],
    ['{{define "inner"}}other{{end}}{{include "defines"}}{{template "inner"}}', 'ownother'],
    ['{{include "__proto__"}}{{include "constructor"}}', 'protomade'],
    ['{{include "dot" 1 | toUpper | printf "<%s>"}}', '<[1]>'],
    ['{{range $i, $x := split "a,b" ","}}{{include "dot" $x}}{{$i}}{{end}}', '[a]0[b]1'],
  ])('%s', async (text, out) => {
    await files({ ...texts, plain: fromText(texts.plain) });
    expect(await render(text, { '/a': '1', '/dir/x': '', '/dir/y': '' })).toBe(out);
  });

  test('a link that stays inside', async () => {
    await files({ 'v1/x': 'first' });
    await symlink('v1', join(dir, '..data'));
    await symlink('..data/x', join(dir, 'x'));
    expect(await render('{{include "x"}}')).toBe('first');
  });

  test('from a folder that is itself a link', async () => {
    await files({ x: 'here' });
    await symlink(dir, join(root, 'linked'));
    includes = new Includes(new Templates(), join(root, 'linked'));
    expect(await render('{{include "x"}}')).toBe('here');
  });
});

describe('an edit', () => {
  test('of nothing', async () => {
    await files({ x: '{{include "y"}}', y: '' });
    expect(await includes.isEdited()).toBe(false);
    await render('{{include "x"}}');
    expect(await includes.isEdited()).toBe(false);
  });

  test.each([
    ['of the file', { x: 'other' }],
    ['of a file that it includes', { y: 'other' }],
  ])('%s', async (_name, texts) => {
    await files({ x: '{{include "y"}}', y: '', z: '' });
    await render('{{include "x"}}');
    await files({ z: 'no matter' });
    expect(await includes.isEdited()).toBe(false);
    await files(texts);
    expect(await includes.isEdited()).toBe(true);
  });

  test('that brings a file that was missing, or mends it', async () => {
    await errorOf('{{include "x"}}');
    expect(await includes.isEdited()).toBe(false);
    await files({ x: '{{' });
    expect(await includes.isEdited()).toBe(true);
  });
});
