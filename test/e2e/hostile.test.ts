import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Confdir, logOf, Program } from '../helpers/confd.ts';

// Templates that would take all the time or memory of a machine: each ends with an error that names it, and the
// resource beside it is rendered.

const grow = (call: string) => `{{$l := list}}{{range seq 1 100000}}{{$l = append $l (${call})}}{{end}}`;
const share = '{{$l := list 1 2 3 4 5 6 7 8}}{{range seq 1 9}}{{$l = list $l $l $l $l $l $l $l $l}}{{end}}';
const numbers = (depth: number) => `${'{{#each (seq 1 10000000)}}'.repeat(depth)}${'{{/each}}'.repeat(depth)}`;

/** The first error of a run that has such a template, and another resource; a longer file name is told by its end. */
async function errorOf(template: string, heap: number, timeout: string, more = ''): Promise<string> {
  const dir = new Confdir();
  dir.resource('hostile', template, [], more);
  const other = dir.resource('z', 'fine', []);
  dir.write('templates/twice', '{{.}}{{.}}');
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root, '-render-timeout', timeout, '-max-output', '50'];
  const { code, stderr } = await new Program('confd', args, { NODE_OPTIONS: `--max-old-space-size=${heap}` }).ended;
  expect(code).toBe(1);
  const [error] = logOf(stderr).filter((line) => line.startsWith('ERROR'));
  expect(error).toContain('hostile.tmpl:');
  expect(stderr).not.toContain('Internal error');
  expect(stderr.length).toBeLessThan(200_000);
  expect(readFileSync(other, 'utf8')).toBe('fine');
  return error!;
}

test.each([
  ['loops in loops', '{{range seq 1 10000000}}{{range seq 1 10000000}}{{end}}{{end}}'],
  ['a range without end', '{{range 9223372036854775807}}{{end}}'],
  ['output without end', '{{range 9223372036854775807}}0123456789{{end}}'],
  ['more numbers than fit', '{{seq 1 1000000000}}'],
  ['a text that doubles', '{{$s := "ab"}}{{range seq 1 60}}{{$s = printf "%s%s" $s $s}}{{end}}'],
  ['lists that add up', grow('seq 1 100000')],
  ['texts that add up', grow('toUpper (repeat 1000000 "x")')],
  ['lists that share', `${share}{{len (toJson $l)}}`],
  ['lists that share, printed', `${share}{{print $l}}`],
  ['a text in letters', '{{len (split (repeat 200000000 "x") "")}}'],
  ['a text with much in between', '{{len (replace (repeat 200000000 "x") "" "y" -1)}}'],
  ['a large text that is searched', '{{regexReplaceAll "a" (repeat 20000000 "a") "b"}}{{getv "/none"}}'],
  [
    'a large text that is searched for',
    '{{contains (repeat 20000000 "a") (printf "b%s" (repeat 9000000 "a"))}}{{getv ""}}',
  ],
  ['a large layout', '{{datetime.Format (repeat 8000000 "2006")}}{{getv "/none"}}'],
  ['a large number', '{{atoi (repeat 30000000 "9")}}'],
  ['a large word', '{{atoi (repeat 30000000 "x")}}'],
  ['a large base64', '{{base64Decode (repeat 20000000 "AAAA")}}'],
  ['a large expression', '{{regexMatch (repeat 100000 "a{1000}") "a"}}'],
  [
    'templates that call each other',
    '{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}',
  ],
  ['an include that grows', '{{$s := "x"}}{{range seq 1 99}}{{$s = include "twice" $s}}{{end}}'],
  ['a wide number', '{{range 9999999}}{{printf "%999999d" 1}}{{end}}'],
  ['a wider number', '{{printf "%99999999999d" 1}}{{getv "/none"}}'],
  ['a regular expression that others hang on', '{{range 9999999}}{{regexMatch "^(a|aa)+$" (repeat 10000 "a")}}{{end}}'],
])('%s', async (_name, template) => {
  await errorOf(template, 700, '500ms');
});

// With time enough, and little memory: V8 would end the process.
test.each([
  ['numbers', '{{seq 1 9000000}}', ''],
  ['lists that add up', grow('seq 1 10000'), ''],
  ['lists in lists', '{{$l := list}}{{range 999999999}}{{$l = list $l $l}}{{end}}', ''],
  ['maps in maps', '{{$d := dict}}{{range 999999999}}{{$d = dict "a" $d "b" .}}{{end}}', ''],
  ['parts of a text', '{{len (split (repeat 30000000 "a,") ",")}}', ''],
  ['numbers of a list', '{{len (jsonArray (printf "[%s1]" (repeat 9000000 "1,")))}}', ''],
  ['Handlebars: each in each', numbers(3), 'engine = "handlebars"'],
  ['Handlebars: a list', '{{print (seq 1 9000000)}}', 'engine = "handlebars"'],
])('little memory: %s', async (_name, template, more) => {
  expect(await errorOf(template, 100, '10m', more)).toMatch(
    /needs more memory than is available|more than \d+ numbers|larger than/,
  );
});
