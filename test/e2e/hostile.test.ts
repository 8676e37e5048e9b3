import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Confdir, logOf, Program } from '../helpers/confd.ts';

// Templates that would take all the time or memory of a machine: each ends with an error that names it, and the
// resource beside it is rendered.

const grow = (call: string) => `{{$l := list}}{{range seq 1 100000}}{{$l = append $l (${call})}}{{end}}`;

test.each([
  ['loops in loops', '{{range seq 1 10000000}}{{range seq 1 10000000}}{{end}}{{end}}'],
  ['a range without end', '{{range 9223372036854775807}}{{end}}'],
  ['output without end', '{{range 9223372036854775807}}0123456789{{end}}'],
  ['more numbers than fit', '{{seq 1 1000000000}}'],
  ['a text that doubles', '{{$s := "ab"}}{{range seq 1 60}}{{$s = printf "%s%s" $s $s}}{{end}}'],
  ['lists that add up', grow('seq 1 100000')],
  ['texts that add up', grow('toUpper (repeat 1000000 "x")')],
  ['a text in letters', '{{len (split (repeat 200000000 "x") "")}}'],
  ['a text with much in between', '{{len (replace (repeat 200000000 "x") "" "y" -1)}}'],
  [
    'templates that call each other',
    '{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}',
  ],
  ['an include that grows', '{{$s := "x"}}{{range seq 1 99}}{{$s = include "twice" $s}}{{end}}'],
  ['a wide number', '{{range 9999999}}{{printf "%999999d" 1}}{{end}}'],
  ['a wider number', '{{printf "%99999999999d" 1}}{{getv "/none"}}'],
  ['a regular expression that others hang on', '{{range 9999999}}{{regexMatch "^(a|aa)+$" (repeat 10000 "a")}}{{end}}'],
])('%s', async (_name, template) => {
  const dir = new Confdir();
  dir.resource('hostile', template, []);
  const other = dir.resource('z', 'fine', []);
  dir.write('templates/twice', '{{.}}{{.}}');
  const args = ['-onetime', '-backend', 'env', '-confdir', dir.root, '-render-timeout', '500ms', '-max-output', '50'];
  const { code, stderr } = await new Program('confd', args, { NODE_OPTIONS: '--max-old-space-size=700' }).ended;
  expect(code).toBe(1);
  const [error] = logOf(stderr).filter((line) => line.startsWith('ERROR'));
  expect(error).toContain('hostile.tmpl:');
  expect(error).not.toContain('Internal error');
  expect(readFileSync(other, 'utf8')).toBe('fine');
});
