/**
 * No function works on without looking at the clock or at the limit of the output, whatever it is given. Time is counted
 * in looks at the clock, so that these tests do not depend on how fast the machine is.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { render } from '../../src/agent/render/render.ts';
import type { RenderLimits } from '../../src/agent/render/render.ts';
import { confdFuncs, declaredFuncs } from '../../src/template/funcs/funcs.ts';
import { enginesFor } from '../../src/template/engines.ts';
import { builtins } from '../../src/template/gotext/builtins.ts';
import { goEngine } from '../../src/template/gotext/template.ts';
import { readerOf, still } from '../template/rendering.ts';

const mebibyte = 1024 * 1024;
const size = 2 * mebibyte;
const fill = (text: string) => text.repeat(Math.ceil(size / text.length));

const store = {
  '/letters': fill('a'),
  '/accents': fill('\xc3\xa9'),
  '/broken': fill('\xff'),
  '/commas': fill('a,'),
  '/lines': fill('\n'),
  '/quotes': fill('"\\'),
  '/zeros': fill('0'),
  '/slashes': fill('a/../'),
  '/layout': fill('2006'),
  '/array': `[${fill('1,')}1]`,
  '/object': `{${Array.from({ length: 50_000 }, (_, i) => `"key${i}":[]`).join(',')}}`,
  '/escapes': `"${fill('\\u00e9')}"`,
  '/base64': fill('QUFB\n'),
  // Searched for in letters, each place takes as long as the whole; so no search may multiply.
  '/needle': `b${'a'.repeat(size / 2)}`,
  ...Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`/many/${i}`, ''])),
};
const reader = readerOf(store);

const overtime = 'the template ran for more than 15ms (-render-timeout)';
const oversize = `the template creates a string that is larger than ${mebibyte} bytes (-max-output)`;

const quick = { runMs: 15, outputBytes: Infinity };
const small = { runMs: Infinity, outputBytes: mebibyte };

/** What a render ends with whose clock moves on by a millisecond each time that it is looked at. */
async function endOf(text: string, limits: RenderLimits, engine = goEngine): Promise<string> {
  let now = 0;
  const clock = { now: () => now++, sleep: () => Promise.resolve() };
  const template = engine.compile('t', text, declaredFuncs);
  return render(template, () => confdFuncs(reader, still), limits, clock).then(
    ({ size: bytes }) => `${bytes} bytes`,
    (error: unknown) => (error as Error).message.slice(0, 200),
  );
}

// Eight lists, each of which is eight times the same one, and so on: little memory, and text without an end.
const shared = '{{$x := list 1 2 3 4 5 6 7 8}}{{range seq 1 8}}{{$x = list $x $x $x $x $x $x $x $x}}{{end}}';

/** Single calls that take long: the function itself must look at the clock. */
const long = [
  '{{toJson $x}}',
  '{{toPrettyJson $x}}',
  '{{print $x}}',
  '{{println $x}}',
  '{{printf "%v" $x}}',
  '{{printf "%#v" $x}}',
  '{{printf "%s" 1 $x}}',
  '{{html $x}}',
  '{{js $x}}',
  '{{urlquery $x}}',
  '{{$x}}',
  '{{eq $x $x}}',
  '{{toUpper (getv "/accents")}}',
  '{{toLower (getv "/broken")}}',
  '{{quote (getv "/accents")}}',
  '{{quote (getv "/quotes")}}',
  '{{squote (getv "/letters")}}',
  '{{nospace (getv "/accents")}}',
  '{{snakecase (slice (getv "/letters") 0 1000000)}}',
  '{{kebabcase (slice (getv "/letters") 0 1000000)}}',
  '{{camelcase (slice (getv "/letters") 0 1000000)}}',
  '{{atoi (getv "/zeros")}}',
  '{{printf "%q" (getv "/broken")}}',
  '{{printf "%+q" (getv "/accents")}}',
  '{{printf "%#q" (getv "/accents")}}',
  '{{printf "% x" (slice (getv "/letters") 0 1000000)}}',
  '{{printf "%1000000d" (seq 1 10000)}}',
  '{{printf (repeat 200000 "%d")}}',
  '{{html (getv "/quotes")}}',
  '{{js (getv "/accents")}}',
  '{{urlquery (getv "/accents")}}',
  '{{(datetime.Format (getv "/layout"))}}',
  '{{datetime.AppendFormat (datetime.MarshalJSON) (getv "/layout")}}',
  '{{split (getv "/commas") ","}}',
  '{{split (getv "/letters") ""}}',
  '{{split (getv "/letters") (getv "/needle")}}',
  '{{contains (getv "/letters") (getv "/needle")}}',
  '{{replace (getv "/letters") "a" "b" -1}}',
  '{{replace (getv "/letters") (getv "/needle") "b" -1}}',
  '{{join (split (slice (getv "/commas") 0 200000) ",") (repeat 100 "x")}}',
  '{{indent 4 (getv "/lines")}}',
  '{{nindent 4 (getv "/lines")}}',
  '{{base64Decode (getv "/base64")}}',
  '{{dir (getv "/slashes")}}',
  '{{json (getv "/object")}}',
  '{{jsonArray (getv "/array")}}',
  '{{fromJson (getv "/array")}}',
  '{{fromJson (getv "/escapes")}}',
  '{{seq 1 10000000}}',
  '{{gets "/many/*"}}{{gets "/many/*0"}}{{gets "/many/*1"}}',
  '{{getvs "/many/*2"}}{{getvs "/many/*3"}}{{getvs "/many/*4"}}',
  '{{ls "/many"}}',
  '{{lsdir "/many"}}{{lsdir "/many/"}}{{lsdir "/many//"}}',
  '{{regexMatch "(a|b)*[cd]$" (getv "/letters")}}',
  '{{regexMatch "é[cd]$" (getv "/accents")}}',
  '{{regexFind "(a|b)*[cd]$" (getv "/letters")}}',
  '{{regexReplaceAll "a" (getv "/letters") "b"}}',
  '{{regexReplaceAll "a" (slice (getv "/letters") 0 10000) (repeat 1000 "b")}}',
  '{{regexReplaceAll "a" "aaa" (repeat 1000000 "$0")}}',
  '{{regexMatch (repeat 100000 "a") (getv "/letters")}}',
  '{{range 9000000000000000000}}{{end}}',
  '{{range seq 1 1000}}{{range seq 1 1000}}{{range seq 1 1000}}{{end}}{{end}}{{end}}',
  '{{define "twice"}}{{template "twice"}}{{template "twice"}}{{end}}{{template "twice"}}',
  '{{replace (getv "/letters") "" "b" -1}}',
  '{{printf "%1000000s" (getv "/accents")}}',
];
test.each(long)('takes long: %s', async (call) => {
  expect(await endOf((call.includes('$x') ? shared : '') + call, quick)).toBe(overtime);
});

/** Single calls that make much. Nothing of it may be written: what is made is refused before it is there. */
const large = [
  ...['toJson', 'toPrettyJson', 'print', 'println', 'printf "%v"', 'html', 'js', 'urlquery'].map(
    (name) => `${name} $x`,
  ),
  ...['quote', 'squote', 'html', 'js', 'urlquery', 'base64Encode', 'toJson', 'toPrettyJson'].map(
    (name) => `${name} (getv "/quotes")`,
  ),
  ...[
    'toUpper',
    'toLower',
    'nospace',
    'printf "%q"',
    'printf "%+q"',
    'printf "%#q"',
    'printf "%x"',
    'printf "% x"',
  ].map((name) => `${name} (getv "/broken")`),
  'printf "%1000000d" (seq 1 10000)',
  'printf "%.999999f%[1]*.[2]*[3]f%[1]*.[2]*[3]f" 1000000 999999 1.5',
  'datetime.Format (getv "/layout")',
  'replace (getv "/letters") "a" "bb" -1',
  'replace (getv "/letters") "" "b" -1',
  'join (split (slice (getv "/commas") 0 200000) ",") (repeat 100 "x")',
  'repeat 3000000 "a"',
  'indent 4 (getv "/lines")',
  'nindent 4 (getv "/lines")',
  'regexReplaceAll "a" (slice (getv "/letters") 0 10000) (repeat 1000 "b")',
  'atoi (getv "/letters")',
];
test.each(large)('makes much: %s', async (call) => {
  const text = `${call.includes('$x') ? shared : ''}{{$y := ${call}}}`;
  expect(await endOf(text, small)).toBe(oversize);
});

/** Calls that are over at once, even of what is large: they count for as much as they are given or give. */
const short = [
  ...['base', 'len', 'not', 'sha256sum', 'getenv "x"', 'exists', 'empty', 'fileExists', 'trimPrefix "a"', 'index'],
  ...['trimSuffix "a"', 'eq "a"', 'ne "a"', 'lt "a"', 'le "a"', 'gt "a"', 'ge "a"', 'default 1'],
  ...['coalesce 0', 'list', 'dict "a"', 'map "a"', 'ternary 1 2 true | contains', 'getv "/none"', 'printf "%.1s"'],
  ...['hasKey (dict "a" 1)', 'append (list 1)', 'reverse', 'slice', 'call'],
].filter((call) => !['call', 'ternary 1 2 true | contains'].includes(call));
test.each(short)('counts: %s', async (call) => {
  expect(await endOf(`{{range seq 1 20}}{{$y := ${call} (getv "/letters")}}{{end}}`, quick)).toBe(overtime);
});

/** Calls of lists and maps that are over at once. */
const lists = [
  ...['len', 'reverse', 'sortByLength', 'list', 'empty', 'index', 'append (list 1)', 'not', 'slice'].map(
    (name) => `${name} $list`,
  ),
  ...['keys $map', 'values $map', 'pluck "a" $map', 'hasKey $map "a"', 'len $map', 'sortKVByLength (gets "/many/*")'],
  ...[
    'append (values $map) 1',
    'join (slice $list 0 90000) ""',
    'get "/many/1" | list $list',
    'coalesce $list',
    'ternary $map $map true',
  ],
];
test.each(lists)('counts: %s', async (call) => {
  const text = `{{$list := ls "/many"}}{{$map := json (getv "/object")}}{{range seq 1 1000}}{{$y := ${call}}}{{end}}`;
  expect(await endOf(text, { ...quick, runMs: 100 })).toBe(overtime.replace('15ms', '100ms'));
});

/** What is given or gives nothing of size, and waits for nothing. */
const constant = [
  ...['and', 'or'],
  ...['add', 'sub', 'mul', 'div', 'mod', 'hostname', 'datetime', 'lookupIP', 'lookupIPV4', 'lookupIPV6', 'lookupSRV'],
  ...['lookupIfaceIPV4', 'lookupIfaceIPV6', 'parseBool', 'ternary', 'include', 'call'],
];

test('no function is left out', () => {
  const tried = new Set(
    [...long, ...large, ...short, ...lists, ...constant].flatMap((call) => call.match(/\w+/g) ?? []),
  );
  expect([...declaredFuncs.keys(), ...builtins.keys()].filter((name) => !tried.has(name))).toEqual([]);
});

test.each([
  '{{range 9000000000000000000}}{{end}}',
  '{{range seq 1 1000}}{{range seq 1 1000}}{{range seq 1 1000}}{{end}}{{end}}{{end}}',
  '{{define "twice"}}{{template "twice"}}{{template "twice"}}{{end}}{{template "twice"}}',
  '{{$map := json (getv "/object")}}{{range 1000000}}{{range $map}}{{break}}{{end}}{{end}}',
])('goes on: %s', async (text) => {
  expect(await endOf(text, quick)).toBe(overtime);
});

describe('Handlebars', () => {
  let handlebars: Awaited<ReturnType<ReturnType<typeof enginesFor>>>;
  beforeAll(async () => {
    handlebars = await enginesFor('/nonexistent')('t.hbs', { engine: 'handlebars', strict: true });
  });
  test.each([
    ['{{#each (seq 1 1000)}}{{#each (seq 1 1000)}}{{#each (seq 1 1000)}}{{/each}}{{/each}}{{/each}}', overtime],
    ['{{#each (ls "/many")}}{{#each (ls "/many")}}{{/each}}{{/each}}', overtime],
    ['{{#each (seq 1 100000)}}{{#with (json (getv "/object"))}}{{/with}}{{/each}}', overtime],
    ['{{#each (seq 1 100000)}}{{#each (dict "a" (seq 1 10))}}{{/each}}{{/each}}', overtime],
    ['{{#each (split (getv "/commas") ",")}}{{/each}}', overtime],
    ['{{seq 1 1000000}}', overtime],
    ['{{#*inline "p"}}{{/inline}}{{#each (seq 1 1000000)}}{{> p x=1}}{{/each}}', overtime],
    ['{{repeat 3000000 "a"}}', oversize],
  ])('%s', async (text, end) => {
    expect(await endOf(text, end === overtime ? quick : small, handlebars)).toBe(end);
  });
});
