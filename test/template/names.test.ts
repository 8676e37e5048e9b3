import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Templates } from '../../src/template/template-cache.ts';
import { Includes } from '../../src/template/funcs/include.ts';
import { readerOf, render, renderWaiting, still } from './rendering.ts';

// What JavaScript gives a meaning to is a name like any other, wherever a template can say it.

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'then',
  'length',
  'get',
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'names-'));
  for (const name of names) writeFileSync(join(dir, name), `file ${name} {{.}}`);
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const store = new Map(names.map((name) => [`/${name}`, `value of ${name}`]));

describe.each(names)('%s', (name) => {
  const reader = () => readerOf(Object.fromEntries(store));

  test.each([
    [`{{getv "/${name}"}}`, `value of ${name}`],
    [`{{(get "/${name}").Key}}`, `/${name}`],
    [`{{exists "/${name}/${name}"}}`, 'false'],
    [`{{getv "/${name}/${name}" "none"}}`, 'none'],
    [`{{(json "{\\"${name}\\":1}").${name}}} {{(json "{}").${name}}}`, '1 <no value>'],
    [`{{(map "${name}" 1).${name}}} {{index (map "${name}" 2) "${name}"}} {{index (map) "${name}"}}`, '1 2 <no value>'],
    [`{{hasKey (dict "${name}" 1) "${name}"}} {{hasKey (dict) "${name}"}}`, 'true false'],
    [`{{toJson (dict "${name}" 1)}} {{keys (dict "${name}" 1)}}`, `{"${name}":1} [${name}]`],
    [`{{define "${name}"}}defined{{end}}{{template "${name}"}}`, 'defined'],
    [`{{$${name} := 1}}{{$${name}}}`, '1'],
    [`{{getenv "${name}"}}`, ''],
    [`{{regexReplaceAll "(?P<${name}>a)" "a" "<$${name}>"}}`, '<a>'],
    [`{{regexReplaceAll "a" "a" "<$${name}>"}}`, '<>'],
    [`{{include "${name}" "${name}"}}`, `file ${name} ${name}`],
  ])('%s', async (text, out) => {
    const world = { ...still, includes: new Includes(new Templates(), dir) };
    expect(await renderWaiting(text, reader(), world)).toBe(out);
  });

  test.each([
    [`{{(get "/${name}").${name}}}`, `can't evaluate field ${name} in type memkv.KVPair`],
    [`{{"text".${name}}}`, ''],
    [`{{with "text"}}{{.${name}}}{{end}}`, `can't evaluate field ${name} in type string`],
    [`{{with list 1}}{{.${name}}}{{end}}`, `can't evaluate field ${name} in type []interface {}`],
    [`{{with 1}}{{.${name}}}{{end}}`, `can't evaluate field ${name} in type int`],
    [`{{template "${name}"}}`, `template "${name}" not defined`],
    [`{{$${name}}}`, `undefined variable "$${name}"`],
    ...(name === 'get' ? [] : [[`{{${name}}}`, `function "${name}" not defined`]]),
  ])('%s is an error', (text, message) => {
    expect(() => render(text, reader())).toThrow(message);
  });
});
