import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hintsOn } from '../../../src/template/hints/hints.ts';
import { Templates } from '../../../src/template/template-cache.ts';
import { Suspend, TemplateError } from '../../../src/template/engine/engine.ts';
import { enginesFor } from '../../../src/template/engines.ts';
import { confdFuncs, declaredFuncs } from '../../../src/template/funcs/funcs.ts';
import { Includes } from '../../../src/template/funcs/include.ts';
import { Lookups } from '../../../src/template/funcs/lookup.ts';
import { readerOf, still } from '../rendering.ts';

let dir: string;
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'advice-')));
  await mkdir(join(dir, 'parts'));
  await writeFile(join(dir, 'parts', 'bad'), 'fine\n\t{{ getv "/app/hots" }}\n');
  await writeFile(join(dir, 'parts', 'broken'), '{{ gtev "/a" }}');
  await writeFile(join(dir, 'parts', 'outer'), '{{ include "parts/bad" }}');
});
afterAll(() => rm(dir, { recursive: true }));

/** The resource asks for what is below /app. */
const outside = (key: string) => (key.startsWith('/app') ? '' : 'that key is outside keys = ["/app"]');
const store = { '/app/host': 'hunter2', '/app/port': '80', '/__proto__': 'x' };

/** The advice on what goes wrong with a template, without the name of the folder. */
async function advice(text: string, name = 't.tmpl'): Promise<string[]> {
  await writeFile(join(dir, name), text);
  const templates = new Templates(enginesFor(dir));
  const addresses = () => Promise.resolve([]);
  const services = () => Promise.resolve([{ name: 'h.test', port: 80, priority: 1, weight: 2 }]);
  const lookups = new Lookups({ addresses, services });
  const world = { ...still, lookups, includes: new Includes(templates, dir) };
  for (;;) {
    try {
      const template = await templates.load(join(dir, name));
      template.render(undefined, confdFuncs(readerOf(store), world), () => undefined);
      return ['nothing went wrong'];
    } catch (error) {
      if (error instanceof Suspend) await error.until;
      else if (!(error instanceof TemplateError)) throw error;
      else {
        const lines = hintsOn(error, { functions: declaredFuncs.keys(), keys: Object.keys(store), outside });
        return lines.map((line) => line.replace(dir, 'DIR'));
      }
    }
  }
}

test.each<[string, string[]]>([
  ['{{ gtev "/a" }}', ['  --> DIR/t.tmpl:1', '  1 | {{ gtev "/a" }}', '    |    ^ did you mean "getv"?']],
  ['a\n{{ if nofunc }}{{ end }}', ['  --> DIR/t.tmpl:2', '  2 | {{ if nofunc }}{{ end }}', '    |       ^']],
  ['{{ pirntf "%d" 1 }}', ['  --> DIR/t.tmpl:1', '  1 | {{ pirntf "%d" 1 }}', '    |    ^ did you mean "printf"?']],
  ['xnofunc {{ nofunc }} nofuncs', ['  --> DIR/t.tmpl:1', '  1 | xnofunc {{ nofunc }} nofuncs', '    |            ^']],
  ['nofunc {{ nofunc }}', ['  --> DIR/t.tmpl:1', '  1 | nofunc {{ nofunc }}']],
  ['{{ print 1 := }}', ['  --> DIR/t.tmpl:1', '  1 | {{ print 1 := }}', '    |            ^']],
  ['{{ constructr }}', ['  --> DIR/t.tmpl:1', '  1 | {{ constructr }}', '    |    ^']],
  [
    '{{ $host := 1 }}{{ $hots }}',
    ['  --> DIR/t.tmpl:1', '  1 | {{ $host := 1 }}{{ $hots }}', '    |                    ^ did you mean "$host"?'],
  ],
  [
    '{{ $host:=1 }}{{ $hots }}',
    ['  --> DIR/t.tmpl:1', '  1 | {{ $host:=1 }}{{ $hots }}', '    |                  ^ did you mean "$host"?'],
  ],
  [
    '{{ define  "head" }}{{ end }}{{ template "haed" }}',
    [
      '  --> DIR/t.tmpl:1',
      '  1 | {{ define  "head" }}{{ end }}{{ template "haed" }}',
      '    |                                          ^ did you mean "head"?',
    ],
  ],
  [
    '{{ define "head" }}{{ end }}{{ template "haed" }}',
    [
      '  --> DIR/t.tmpl:1',
      '  1 | {{ define "head" }}{{ end }}{{ template "haed" }}',
      '    |                                         ^ did you mean "head"?',
    ],
  ],
  [
    '{{ getv "/app/hots" }}',
    ['  --> DIR/t.tmpl:1', '  1 | {{ getv "/app/hots" }}', '    |    ^ did you mean "/app/host"?'],
  ],
  [
    '{{ getv "/other" }}',
    ['  --> DIR/t.tmpl:1', '  1 | {{ getv "/other" }}', '    |    ^ that key is outside keys = ["/app"]'],
  ],
  [
    '{{ range gets "/app/*" }}{{ .Vlaue }}{{ end }}',
    [
      '  --> DIR/t.tmpl:1',
      '  1 | {{ range gets "/app/*" }}{{ .Vlaue }}{{ end }}',
      '    |                             ^ did you mean "Value"?',
    ],
  ],
  ['{{ datetime.Wal }}', ['  --> DIR/t.tmpl:1', '  1 | {{ datetime.Wal }}', '    |    ^']],
  [
    '{{ with "a" }}{{ .hots }}{{ end }}',
    ['  --> DIR/t.tmpl:1', '  1 | {{ with "a" }}{{ .hots }}{{ end }}', '    |                  ^'],
  ],
  [
    '{{ (index (lookupSRV "a" "b" "c") 0).Prot }}',
    [
      '  --> DIR/t.tmpl:1',
      '  1 | {{ (index (lookupSRV "a" "b" "c") 0).Prot }}',
      '    |                                   ^ did you mean "Port"?',
    ],
  ],
  ['{{ datetime.Yaer }}', ['  --> DIR/t.tmpl:1', '  1 | {{ datetime.Yaer }}', '    |    ^ did you mean "Year"?']],
  ['{{ atoi (getv "/app/host") }}', ['  --> DIR/t.tmpl:1', '  1 | {{ atoi (getv "/app/host") }}', '    |    ^']],
  ['{{ include "none" }}', ['  --> DIR/t.tmpl:1', '  1 | {{ include "none" }}', '    |    ^']],
  [
    'x\n{{ include "parts/bad" }}',
    ['  --> DIR/parts/bad:2', '  2 |     {{ getv "/app/hots" }}', '    |        ^ did you mean "/app/host"?'],
  ],
  [
    '{{ include "parts/outer" }}',
    ['  --> DIR/parts/bad:2', '  2 |     {{ getv "/app/hots" }}', '    |        ^ did you mean "/app/host"?'],
  ],
  [
    '{{ include "parts/broken" }}',
    ['  --> DIR/parts/broken:1', '  1 | {{ gtev "/a" }}', '    |    ^ did you mean "getv"?'],
  ],
  ['{{ if true }}', ['  --> DIR/t.tmpl:1', '  1 | {{ if true }}', '    | ^ never closed']],
  [
    'a\n{{ range gets "/app/*" }}\n  {{ if true }}\n x {{ end }}\nb\nc\n',
    ['  --> DIR/t.tmpl:2', '  2 | {{ range gets "/app/*" }}', '    | ^ never closed'],
  ],
  [
    '{{ range gets "/app/*" }}\n  {{ if true }}{{ else if false }}\n{{ else }}\n{{ with 1 }}{{ end }}\n',
    ['  --> DIR/t.tmpl:2', '  2 |   {{ if true }}{{ else if false }}', '    |   ^ never closed'],
  ],
  ['\n{{ define "x" }}\nb\n', ['  --> DIR/t.tmpl:2', '  2 | {{ define "x" }}', '    | ^ never closed']],
  ['\n{{ block "x" . }}\nb\n', ['  --> DIR/t.tmpl:2', '  2 | {{ block "x" . }}', '    | ^ never closed']],
  [
    '{{ define "x" }}{{ end }}\n{{ if 1 }}{{ print 1\n\n',
    ['  --> DIR/t.tmpl:2', '  2 | {{ if 1 }}{{ print 1', '    |           ^ never closed'],
  ],
])('%s', async (text, lines) => {
  expect(await advice(text)).toEqual(lines);
});

test.each<[string, string[]]>([
  ['a\n{{#if true}}\n b\nc\n', ['  --> DIR/t.hbs:2', '  2 | {{#if true}}', '    | ^ never closed']],
  [
    '{{#if true}}\n{{!-- {{/if}} --}}{{! {{/if }}\\{{/if}}\n  {{~#each (list 1)}}{{#if 1}}{{^}}{{/if}}{{else}}\n',
    ['  --> DIR/t.hbs:3', '  3 |   {{~#each (list 1)}}{{#if 1}}{{^}}{{/if}}{{else}}', '    |   ^ never closed'],
  ],
  ['{{^a}}b{{/a}}\n{{^a}}\nb', ['  --> DIR/t.hbs:2', '  2 | {{^a}}', '    | ^ never closed']],
  ['{{#*inline "p"}}\nb', ['  --> DIR/t.hbs:1', '  1 | {{#*inline "p"}}', '    | ^ never closed']],
  ['{{#> p}}\nb', ['  --> DIR/t.hbs:1', '  1 | {{#> p}}', '    | ^ never closed']],
  ['{{#if a}}x{{/if}}\n {{ a\n\n', ['  --> DIR/t.hbs:2', '  2 |  {{ a', '    |  ^ never closed']],
])('of Handlebars: %s', async (text, lines) => {
  expect(await advice(text, 't.hbs')).toEqual(lines);
});

test.each<ConstructorParameters<typeof TemplateError>>([
  ['Missing template: /x'],
  ['template: x: nested too deep', { file: { path: '/x', text: '{{' } }],
  ['template: x:1: unexpected EOF', { at: { line: 1, column: 0 } }],
])('there is none on what has no place: %s', (...error) => {
  expect(hintsOn(new TemplateError(...error), { functions: [], keys: [], outside })).toEqual([]);
});
