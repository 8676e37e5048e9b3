import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromText, toText } from '../../../src/go/bytes.ts';
import { GoMap, StringMapType } from '../../../src/go/value.ts';
import { Suspend, TemplateError } from '../../../src/template/engine/engine.ts';
import type { Template } from '../../../src/template/engine/engine.ts';
import { enginesFor } from '../../../src/template/engines.ts';
import { confdFuncs, declaredFuncs } from '../../../src/template/funcs/funcs.ts';
import { fromPlain } from '../../../src/template/plain.ts';
import type { Plain } from '../../../src/template/plain.ts';
import { pointerToSRV, SRV } from '../../../src/template/funcs/srv.ts';
import { engineContract } from '../../contract/engine.ts';
import { readerOf, still } from '../rendering.ts';

const engine = (strict = true, folder = '/nonexistent') =>
  enginesFor(folder)('t.hbs', { engine: 'handlebars', strict });

engineContract('handlebars', () => engine(), {
  field: (name) => `{{[${name}]}}`,
  call: (name, ...args) => `{{${[name, ...args.map((arg) => `"${arg}"`)].join(' ')}}}`,
  broken: '{{#if}',
  endless: `${'{{#each (many "")}}'.repeat(6)}.${'{{/each}}'.repeat(6)}`,
});

/** The output of a template, its look-ups awaited. */
async function run(template: Template, data: Plain, store: Record<string, string> = {}): Promise<string> {
  for (;;) {
    let out = '';
    try {
      template.render(fromPlain(data), confdFuncs(readerOf(store), still), (chunk) => (out += chunk));
      return toText(out);
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
}

interface Given {
  readonly data?: Plain;
  readonly store?: Record<string, string>;
  readonly strict?: boolean;
  readonly folder?: string;
}

async function render(text: string, { data, store, strict, folder }: Given = {}): Promise<string> {
  return run((await engine(strict, folder)).compile('t.hbs', fromText(text), declaredFuncs), data, store);
}

const store = {
  '/app/b': '2',
  '/app/a': '1',
  '/json': '{"z":1,"a":{"deep":[10,20.5,null]},"big":1234567,"yes":true}',
};

describe('what is wrong', () => {
  const rows: [text: string, message: string | RegExp][] = [
    ['{{nosuch}}', 'template: t.hbs:1:2: "nosuch" is not defined'],
    ['a\n  {{nosuch.deeper}}', 'template: t.hbs:2:4: "nosuch" is not defined'],
    ['{{#each (getvs "/app/*")}}{{this.x}}{{/each}}', 'template: t.hbs:1:28: "x" is not defined'],
    ['{{#nosuch}}{{/nosuch}}', 'template: t.hbs:1:3: "nosuch" is not defined'],
    ['{{@index}}', 'template: t.hbs:1:2: @index is not defined'],
    ['{{nosuch "x"}}', 'template: t.hbs:1:0: function "nosuch" not defined'],
    ['{{a.b "x"}}', 'template: t.hbs:1:0: function "a.b" not defined'],
    ['{{log "x"}}', 'template: t.hbs:1:0: function "log" not defined'],
    ['{{helperMissing 1}}', 'template: t.hbs:1:0: function "helperMissing" not defined'],
    ['{{getv "/no"}}', 'template: t.hbs:1:0: error calling getv: key does not exist: /no'],
    ['{{toUpper 1}}', 'template: t.hbs:1:0: error calling toUpper: value has type int; should be string'],
    ['{{toUpper}}', 'template: t.hbs:1:0: wrong number of args for toUpper: want 1 got 0'],
    ['{{toUpper "a" x=1}}', 'template: t.hbs:1:0: toUpper takes no named arguments'],
    ['{{toUpper x=1}}', 'template: t.hbs:1:0: toUpper takes no named arguments'],
    ['{{call "toUpper" "a"}}', 'template: t.hbs:1:0: function "call" not defined'],
    ['{{getv}}', 'template: t.hbs:1:0: wrong number of args for getv: want at least 1 got 0'],
    ['{{nosuch x=1}}', 'template: t.hbs:1:0: function "nosuch" not defined'],
    ['{{#if nosuch.deeper}}{{/if}}', 'template: t.hbs:1:6: "nosuch" is not defined'],
    ['{{#with (dict "a" (dict))}}{{a.b}}{{/with}}', 'template: t.hbs:1:29: "a.b" is not defined'],
    ['{{#with (get "/app/a")}}{{nosuch}}{{/with}}', 'template: t.hbs:1:26: "nosuch" is not defined'],
    ['{{"no such"}}', 'template: t.hbs:1:0: "no such" is not defined'],
    ['{{../x}}', 'template: t.hbs:1:2: "x" is not defined'],
    ['{{#if @x.y}}{{/if}}', 'template: t.hbs:1:6: @x is not defined'],
    ['{{@../../index}}', 'template: t.hbs:1:2: @index is not defined'],
    ...['if', 'unless', 'each', 'with'].flatMap((name): [string, string][] => [
      [`{{${name} true}}`, `template: t.hbs:1:0: ${name} is a block: {{#${name} ...}}`],
      [`{{#${name}}}{{/${name}}}`, `template: t.hbs:1:0: wrong number of args for ${name}: want 1 got 0`],
      [`{{#${name} 1 2}}{{/${name}}}`, `template: t.hbs:1:0: wrong number of args for ${name}: want 1 got 2`],
    ]),
    ['{{lookup .}}', 'template: t.hbs:1:0: wrong number of args for lookup: want 2 got 1'],
    ['{{lookup . "a" "b"}}', 'template: t.hbs:1:0: wrong number of args for lookup: want 2 got 3'],
    ...['{{* x}}', '{{#*other "x"}}{{/other}}', '{{#*inline}}{{/inline}}'].map((text): [string, string] => [
      text,
      'template: t.hbs:1:0: the only decorator is {{#*inline "name"}}',
    ]),
    ['{{> nosuch}}', 'template: t.hbs:1:0: partial "nosuch" not defined: there is no nosuch.hbs below templates'],
    [
      '{{#*inline "l"}}{{> nosuch}}{{/inline}}{{#> l}}x{{/l}}',
      'template: t.hbs:1:39: partial "l": template: t.hbs:1:16: partial "nosuch" not defined: there is no nosuch.hbs below templates',
    ],
    [
      '{{#*inline "l"}}{{> @partial-block}}{{/inline}}{{#> l}}{{nosuch}}{{/l}}',
      'template: t.hbs:1:47: partial "l": template: t.hbs:1:57: "nosuch" is not defined',
    ],
    ['{{> a b c}}', 'template: t.hbs:1:0: a partial takes one context, and then named arguments: got 2'],
    ['{{> (len "x")}}', 'template: t.hbs:1:4: the name of a partial is a string'],
    [
      'x\n{{foo',
      `template: t.hbs:2: expecting 'ID', 'STRING', 'NUMBER', 'BOOLEAN', 'UNDEFINED', 'NULL', 'DATA', got 'INVALID'`,
    ],
    [`${'\n'.repeat(11)}{{}}`, /^template: t\.hbs:12: expecting [^\n]*$/],
    [`${'\n'.repeat(11)}{{!-- y`, 'template: t.hbs:12: unrecognized text'],
    [`${'\n'.repeat(11)}{{!       }}{{#if a}}{{/with}}`, `template: t.hbs:12:15: if doesn't match with`],
    ['{{#if a}}{{/with}}', `template: t.hbs:1:3: if doesn't match with`],
    [`{{not ${'(not '.repeat(501)}1${')'.repeat(501)}}}`, 'template: t.hbs: calls are nested deeper than 500'],
    [`${'{{#if 1}}'.repeat(2_500)}${'{{/if}}'.repeat(2_500)}`, 'template: t.hbs: nested too deep'],
    ['{{#*inline "a"}}{{> a}}{{/inline}}{{> a}}', 'template: t.hbs:1:16: partials are nested deeper than 500'],
  ];
  test.each(rows)('%s', async (text, message) => {
    const error: unknown = await render(text, { store }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TemplateError);
    const innermost = (error as TemplateError).message.replace(/^(template: t\.hbs:1:\d+: partial "a": )+/, '');
    if (typeof message === 'string') expect(innermost).toBe(message);
    else expect(innermost).toMatch(message);
  });

  test('many calls in one tag are not deep', async () => {
    expect(await render(`{{len (list ${'(not 1) '.repeat(600)})}}`)).toBe('600');
  });

  test('no message holds a value', async () => {
    const secret = { '/password': 'hunter2' };
    const text = '{{#with (getv "/password")}}{{this.length}}{{/with}}';
    await expect(render(text, { store: secret })).rejects.toThrow(/^(?!.*hunter2)/);
    await expect(render('{{add (getv "/password") 1}}', { store: secret })).rejects.toThrow(/^(?!.*hunter2)/);
  });
});

describe('no JavaScript property is in reach', () => {
  const data = { text: 'abc', list: [1, 2], map: { a: 1 }, number: 1 };
  const names = [
    'constructor',
    '__proto__',
    'toString',
    '__defineGetter__',
    'entries',
    'type',
    'call',
    'array',
    'prototype',
  ];
  test.each(names)('%s', async (name) => {
    for (const what of ['this', 'text', 'list', 'map', 'number', 'lookup . "map"']) {
      const text = `{{#with ${what.includes(' ') ? `(${what})` : what}}}[{{this.${name}}}][{{lookup this "${name}"}}]{{/with}}`;
      expect(await render(text, { data, strict: false })).toBe('[][]');
    }
    await expect(render(`{{#with map}}{{this.${name}}}{{/with}}`, { data })).rejects.toThrow(TemplateError);
  });
});

describe('as Handlebars has it, without escaping', () => {
  const data = {
    name: 'World',
    empty: '',
    zero: 0,
    one: 1,
    two: 2,
    no: false,
    yes: true,
    nil: null,
    base: 'B',
    half: { '1.5': 'half' },
    same: ['World', 'x'],
    list: ['a', 'b', 'c'],
    none: [],
    map: { b: '2', c: '3' },
    people: [
      { name: 'Ann', tags: ['x', 'y'], on: true },
      { name: 'Bob', tags: [], on: false },
    ],
    deep: { er: { est: 'down' } },
    'a b': 'spaced',
    html: '<b>&"\'`=</b>',
  };
  const rows: [text: string, output: string][] = [
    ['Hello {{name}}!', 'Hello World!'],
    ['{{html}} {{{html}}} {{&html}}', '<b>&"\'`=</b> <b>&"\'`=</b> <b>&"\'`=</b>'],
    [
      '{{deep.er.est}} {{deep/er/est}} {{this.name}} {{./name}} {{[a b]}} {{"a b"}}',
      'down down World World spaced spaced',
    ],
    ['{{list.[1]}} {{list.length}}', 'b 3'],
    [
      '{{list.[0]}}{{list.[2]}}[{{list.[3]}}][{{list.[01]}}][{{list.[1x]}}][{{list.[x1]}}][{{list.[-1]}}]',
      'ac[][][][][]',
    ],
    ['{{base}}{{this.base}}{{./base}}{{#each people}}{{../base}}{{../../base}}{{../../../base}}{{/each}}', 'BBBBB'],
    ['{{#each list as |base|}}{{base}}{{./base}}{{this.base}}{{../base}}{{/each}}', 'aBbBcB'],
    ['{{lookup half 1.5}}{{lookup half "1.5"}}[{{lookup half yes}}][{{lookup half nil}}]', 'halfhalf[][]'],
    ['{{yes}} {{no}} {{nil}} {{zero}} [{{empty}}]', 'true false  0 []'],
    [
      '{{#if name}}y{{else}}n{{/if}}{{#if empty}}y{{else}}n{{/if}}{{#if none}}y{{else}}n{{/if}}{{#if map}}y{{/if}}',
      'ynny',
    ],
    ['{{#if zero}}y{{else}}n{{/if}}{{#if zero includeZero=true}}y{{else}}n{{/if}}', 'ny'],
    ['{{#if zero other=true}}y{{else}}n{{/if}}{{#if empty includeZero=true}}y{{else}}n{{/if}}', 'nn'],
    ['{{#nil}}y{{else}}n{{/nil}}{{#nosuch}}y{{else}}n{{/nosuch}}{{#zero}}y{{else}}n{{/zero}}', 'nny'],
    ['{{#unless no}}y{{else}}n{{/unless}}{{#unless yes}}y{{else}}n{{/unless}}', 'yn'],
    ['{{#if no}}1{{else if yes}}2{{else}}3{{/if}}', '2'],
    ['{{^no}}none{{/no}}{{^yes}}none{{/yes}}{{^none}}none{{/none}}', 'nonenone'],
    [
      '{{#each list}}{{@index}}/{{@key}}={{this}}{{#if @first}}F{{/if}}{{#if @last}}L{{/if}} {{/each}}',
      '0/0=aF 1/1=b 2/2=cL ',
    ],
    ['{{#each map}}{{@index}}/{{@key}}={{this}}{{#unless @last}},{{/unless}}{{/each}}', '0/b=2,1/c=3'],
    ['{{#each list}}{{this}}{{else}}nothing{{/each}}{{#list}}{{this}}{{else}}nothing{{/list}}', 'abcabc'],
    [
      '{{#with name}}{{#each ../same}}{{this}}<{{../name}}>{{/each}}{{#with this}}<{{../name}}>{{/with}}{{/with}}',
      'World<World>x<><World>',
    ],
    [
      '{{#each none}}x{{else}}nothing{{/each}}{{#each nil}}x{{else}}nothing{{/each}}{{#each name}}x{{else}}no{{/each}}',
      'nothingnothingno',
    ],
    [
      '{{#each people}}{{name}}:{{#each tags}}{{../name}}.{{this}}@{{@../index}}{{@root.name}} {{/each}}{{/each}}',
      'Ann:Ann.x@0World Ann.y@0World Bob:',
    ],
    ['{{#each people}}{{#if on}}{{name}} {{../name}}{{/if}}{{/each}}', 'Ann World'],
    [
      '{{#each people as |person i|}}{{i}}:{{person.name}}{{#each person.tags as |tag|}}{{person.name}}{{tag}}{{/each}}{{/each}}',
      '0:AnnAnnxAnny1:Bob',
    ],
    [
      '{{#with deep}}{{er.est}}{{../name}}{{/with}}{{#with nil}}x{{else}}n{{/with}}{{#with zero}}z{{/with}}',
      'downWorldnz',
    ],
    ['{{#with deep as |d|}}{{#with d.er as |e|}}{{d.er.est}}{{e.est}}{{/with}}{{/with}}', 'downdown'],
    [
      '{{#each people as |p|}}{{#each p.tags}}{{p.name}}{{this}}{{/each}}{{#if p.on}}{{p.name}}{{/if}}{{/each}}',
      'AnnxAnnyAnn',
    ],
    ['{{#with deep as |d|}}{{#with d.er}}{{d.er.est}}{{est}}{{/with}}{{/with}}', 'downdown'],
    [
      '{{#list}}{{this}}{{/list}}{{#map}}{{b}}{{/map}}{{#yes}}{{name}}{{/yes}}{{#no}}x{{else}}e{{/no}}{{#name}}{{this}}{{/name}}',
      'abc2WorldeWorld',
    ],
    [
      '{{lookup map "b"}}{{lookup list 1}}{{lookup list 7}}{{lookup nil "x"}}{{lookup zero "x"}}[{{lookup none "x"}}]',
      '2b0[]',
    ],
    [
      'a\n{{#if yes}}\n  b\n{{/if}}\nc\n{{! note }}\nd\n  {{#each list}}\n  - {{this}}\n  {{/each}}\ne',
      'a\n  b\nc\nd\n  - a\n  - b\n  - c\ne',
    ],
    ['a  {{~name~}}  b {{~#if yes~}} c {{~/if~}} d', 'aWorldbcd'],
    ['\\{{name}} \\\\{{name}}', '{{name}} \\World'],
    ['{{#*inline "row"}}<{{this}}>{{/inline}}{{#each list}}{{> row}}{{/each}}{{> row name}}', '<a><b><c><World>'],
    [
      '{{#*inline "row"}}{{a}}{{name}}\n\n{{/inline}}x\n  {{> row a=1}}\ny\n    {{> row this a="q"}}',
      'x\n  1World\n  \ny\n    qWorld\n    \n',
    ],
    ['{{#*inline "row"}}{{name}}\n{{name}}\nz{{name}}{{/inline}}x\n  {{> row}}\ny', 'x\n  World\n  World\n  zWorldy'],
    ['{{#*inline "row"}}{{empty}}{{/inline}}x\n  {{> row}}\ny', 'x\ny'],
    ['{{#*"inline" "row"}}r{{/"inline"}}{{> "row"}}{{#*inline 1}}one{{/inline}}{{> 1}}', 'rone'],
    [
      '{{#*inline "lay"}}[{{> @partial-block}}]{{/inline}}{{#> lay}}in {{name}}{{/lay}}{{#> lay map}}in {{b}}{{/lay}}',
      '[in World][in 2]',
    ],
    ['{{#> nosuch}}instead {{name}}{{/nosuch}}', 'instead World'],
    [
      '{{#*inline "outer"}}{{#> inner}}o({{> @partial-block}}){{/inner}}{{/inline}}{{#*inline "inner"}}i[{{> @partial-block}}]{{/inline}}{{#> outer}}core{{/outer}}',
      'i[o(core)]',
    ],
    ['{{#*inline "a"}}A{{/inline}}{{> a}}', 'A'],
    ['{{#each people}}{{#*inline "p"}}{{name}}/{{@index}}{{/inline}}{{> p}};{{/each}}', 'Ann/0;Bob/1;'],
    ['{{#if yes}}{{#*inline "p"}}later{{/inline}}{{> p}}{{/if}}', 'later'],
    ['{{!-- {{name}} --}}{{! a }}x', 'x'],
    [
      '{{#if true}}t{{/if}}{{#if false}}f{{/if}}{{#if "s"}}s{{/if}}{{#if 0}}0{{/if}}{{#if null}}n{{/if}}{{#if undefined}}u{{/if}}',
      'ts',
    ],
    ['{{one}}{{two}}{{yes}}', '12true'], // the package adds what stands side by side
    ['{{one}}{{two}}{{#if yes}}{{two}}{{one}}{{/if}}', '1221'],
  ];
  test.each(rows)('%s', async (text, output) => {
    expect(await render(text, { data, strict: false })).toBe(output);
  });

  const strictly: [text: string, output: string][] = [
    ['{{name}}', 'World'],
    ['{{#if nosuch}}y{{else}}n{{/if}}', 'n'],
    ['{{#each nosuch}}x{{else}}n{{/each}}', 'n'],
    ['{{nil}}', ''],
    ['{{#each list}}{{@index}}{{/each}}', '012'],
  ];
  test.each(strictly)('strict: %s', async (text, output) => {
    expect(await render(text, { data })).toBe(output);
  });
});

describe('what is different on purpose', () => {
  const rows: [text: string, output: string][] = [
    ["{{#each (gets '/app/*')}}{{Key}}={{Value}};{{/each}}", '/app/a=1;/app/b=2;'],
    ['{{dict}}', 'map[]'],
    ["{{lookup (seq 0 12) '11'}}[{{lookup (slice (list 1 2) 0 1) '1'}}]", '11[]'],
    ["{{or 'a' 'b'}}{{or '' false 0}}{{and 'a' 'b'}}[{{and '' 'x'}}]", 'a0b[]'],
    ['{{#each (list 1 2) as |notthis|}}{{notthis}}{{/each}}', '12'], // the package finds a this in it
    ["{{#with (fromJson '0')}}z{{else}}n{{/with}}{{#if (fromJson '0')}}z{{else}}n{{/if}}", 'zn'],
    [
      "{{#if (json 'null')}}y{{else}}n{{/if}}{{#json 'null'}}y{{else}}n{{/json}}{{#each (json 'null')}}y{{else}}n{{/each}}",
      'nnn',
    ],
    ["{{#if (dict)}}y{{else}}n{{/if}}{{#dict}}y{{else}}n{{/dict}}[{{lookup (json 'null') 'a'}}]", 'yy[]'],
    ["{{#each (datetime)}}y{{else}}n{{/each}}[{{lookup (datetime) 'wall'}}]", 'n[]'],
    ['{{#if null}}x{{/if}}{{#if (not undefined)}}à{{/if}}', 'à'],
    ['{{#*inline "p"}}.{{/inline}}{{len (split "a" "")}}{{#each (seq 1 501)}}{{> p}}{{/each}}', `1${'.'.repeat(501)}`],
    ["{{#gets '/app/*'}}{{Key}}={{Value}};{{/gets}}", '/app/a=1;/app/b=2;'],
    [
      "{{#with (get '/app/a')}}{{Key}} {{#each this}}{{@key}}:{{this}} {{/each}}{{/with}}",
      '/app/a Key:/app/a Value:1 ',
    ],
    ["{{#each (json (getv '/json'))}}{{@key}} {{/each}}", 'a big yes z '],
    [
      "{{#with (json (getv '/json'))}}{{big}} {{a.deep.[1]}} {{a.deep}} {{lookup a 'deep'}}{{/with}}",
      '1234567 20.5 [10 20.5 <nil>] [10 20.5 <nil>]',
    ],
    [
      "{{getv '/no' 'default'}} {{toUpper (base '/a/b')}} {{add 1 2}} {{printf '%05d|%v' 42 'x'}}",
      'default B 3 00042|x',
    ],
    [
      "{{#if (eq (getv '/app/a') '1')}}one{{/if}} {{#if (and (exists '/app/a') (not (exists '/q')))}}and{{/if}} {{or '' 'x'}}",
      'one and x',
    ],
    ["{{len (getvs '/app/*')}} {{index (split 'a,b' ',') 1}} {{slice 'abcdef' 1 3}}", '2 b bc'],
    ["{{#each (dict 'b' 1 'a' 2)}}{{@key}}{{this}}{{/each}}", 'a2b1'],
    ['{{#each (seq 1 3)}}{{this}}{{/each}}', '123'],
    ['à{{~"a b"~}}à', 'ààà'],
    ['{{#*inline "p"}}<{{this}}|{{../[a b]}}>{{/inline}}{{#each (list 1 2)}}{{> p}}{{/each}}', '<1|à><2|à>'],
    ['{{#*inline "lay"}}({{> nav}}){{/inline}}{{#> lay}}{{#*inline "nav"}}mine{{/inline}}{{/lay}}', '(mine)'],
    ["{{#with (dict 'list' 'l' 'html' 'h' 'toUpper' 'u')}}{{list}}{{html}}{{toUpper}}{{toUpper 'x'}}{{/with}}", 'lhuX'],
  ];
  test.each(rows)('%s', async (text, output) => {
    expect(await render(text, { store, data: { 'a b': 'à' } })).toBe(output);
  });

  test('with strict = false a name that means nothing has no text', async () => {
    const text = '[{{a}}][{{a.b.c}}][{{@x}}][{{#a}}x{{/a}}][{{@../../x}}][{{../../x}}]';
    expect(await render(text, { strict: false })).toBe('[][][][][][]');
  });

  test.each([
    ['{{srv}} {{srv.Target}} {{srv.Port}}', '{h.test. 80 1 0} h.test. 80'],
    ['{{#each srv}}{{@key}}={{this}} {{/each}}', 'Target=h.test. Port=80 Priority=1 Weight=0 '],
    ['{{#srv}}{{Port}}{{/srv}}{{#if srv}}y{{else}}n{{/if}}{{#each srv.Port}}y{{else}}n{{/each}}', '80yn'],
    ['{{#if srv.Port}}y{{else}}n{{/if}}{{#if srv.Weight}}y{{else}}n{{/if}}', 'yn'],
    ['{{#if srv.Weight includeZero=true}}y{{else}}n{{/if}}{{#with srv.Weight}}{{this}}{{else}}n{{/with}}', 'y0'],
  ])('a service is its fields: %s', async (text, output) => {
    const data = new GoMap(StringMapType, new Map([['srv', pointerToSRV(new SRV('h.test.', 80, 1, 0))]]));
    let out = '';
    (await engine()).compile('t.hbs', text, declaredFuncs).render(data, declaredFuncs, (chunk) => (out += chunk));
    expect(out).toBe(output);
  });
});

describe('partials are files below templates', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'partials-')), 'templates');
    await mkdir(join(folder, 'sub'), { recursive: true });
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  test('by name with .hbs or as it is, in folders, with names of their own', async () => {
    await writeFile(join(folder, 'row.hbs'), '{{Key}}={{Value}}{{mark}}');
    await writeFile(join(folder, 'sub/plain.txt'), 'plain {{x}}\n');
    await writeFile(join(folder, 'outer.hbs'), '({{> sub/plain.txt x=2}})');
    const text =
      "{{#each (gets '/app/*')}}{{> row mark='!'}} {{/each}}\n{{> sub/plain.txt x=1}}\n{{> (base '/x/row') Key=1 Value=2 mark=3}}{{> outer}}";
    expect(await render(text, { store, folder })).toBe('/app/a=1! /app/b=2! \nplain 1\n1=23(plain 2\n)');
  });

  test('every byte of one comes out', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
      .toString('latin1')
      .replace(/[\\{}]/g, '');
    await writeFile(join(folder, 'b.hbs'), bytes, 'latin1');
    const template = (await engine(true, folder)).compile('t.hbs', '{{> b}}', declaredFuncs);
    await run(template, {});
    let out = '';
    template.render(undefined, declaredFuncs, (chunk) => (out += chunk));
    expect(out).toBe(bytes);
  });

  test('what is wrong in one is told with both places', async () => {
    await writeFile(join(folder, 'bad.hbs'), 'x\n {{nosuch}}');
    await writeFile(join(folder, 'broken.hbs'), '{{#if}');
    await expect(render('a\n{{> bad}}', { folder })).rejects.toMatchObject({
      message: 'template: t.hbs:2:0: partial "bad": template: bad.hbs:2:3: "nosuch" is not defined',
      at: { line: 2, column: 0 },
      cause: { at: { line: 2, column: 3 } },
    });
    await expect(render('{{> broken}}', { folder })).rejects.toThrow(
      /^template: t\.hbs:1:0: partial "broken": template: broken\.hbs:1: expecting/,
    );
  });

  const outside = (name: string) => `partial ${JSON.stringify(name)} is outside template directory`;
  const nowhere = (name: string) => `partial "${name}" not defined: there is no ${name}.hbs below templates`;
  test.each([
    ['../secret', outside('../secret')],
    ['../nosuch', outside('../nosuch')],
    ['../templates2/x', outside('../templates2/x')],
    ['sub/../../secret', outside('sub/../../secret')],
    ['/etc/passwd', nowhere('/etc/passwd')], // an absolute path is one below templates
    ['link', outside('link')],
    ['linked/secret', outside('linked/secret')],
    ['.', outside('.')],
    ['', outside('')],
    ['a\0b', 'partial "a\0b" is outside template directory'],
    ['sub', nowhere('sub')],
    ['file/x', nowhere('file/x')],
    ['pipe', 'open DIR/pipe: it is a named pipe, and not a file'],
    ['loop', 'open DIR/loop.hbs: too many levels of symbolic links'],
  ])('what is not there, and what is outside: %j', async (name, message) => {
    await mkdir(join(folder, '../templates2'));
    await writeFile(join(folder, '../templates2/x.hbs'), 'stolen');
    await writeFile(join(folder, '../secret'), 'stolen');
    await writeFile(join(folder, '../secret.hbs'), 'stolen');
    await writeFile(join(folder, 'file'), '');
    await symlink('../secret', join(folder, 'link'));
    await symlink('..', join(folder, 'linked'));
    await symlink('loop.hbs', join(folder, 'loop.hbs'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const error: unknown = await render(`{{> "${name}"}}`, { folder }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TemplateError);
    expect((error as TemplateError).message.replace(folder, 'DIR')).toBe(`template: t.hbs:1:0: ${message}`);
  });

  test('an edit, a new file and a lost one make a template stale', async () => {
    const template = (await engine(true, folder)).compile('t.hbs', '{{#> p}}none{{/p}}', declaredFuncs);
    expect(await run(template, {})).toBe('none');
    expect(await template.isStale!()).toBe(false);
    await writeFile(join(folder, 'p.hbs'), 'one');
    expect(await template.isStale!()).toBe(true);

    const second = (await engine(true, folder)).compile('t.hbs', '{{> p}}', declaredFuncs);
    expect(await run(second, {})).toBe('one');
    expect(await second.isStale!()).toBe(false);
    await writeFile(join(folder, 'p.hbs'), 'two');
    expect(await second.isStale!()).toBe(true);
    await rm(join(folder, 'p.hbs'));
    expect(await second.isStale!()).toBe(true);
  });
});
