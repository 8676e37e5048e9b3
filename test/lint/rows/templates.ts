import { a, handlebars, head, resource, type Rows } from '../tree.ts';

/** Problems of templates. */
export const templatesRows: Rows = {
  'missing-template': [
    ['none', { 'conf.d/a.toml': head }, ['conf.d/a.toml:2:1 missing-template']],
    ['a folder', { 'conf.d/a.toml': head, 'templates/a.tmpl/': '' }, ['conf.d/a.toml:2:1 missing-template']],
    ['a named pipe', { 'conf.d/a.toml': head, 'templates/a.tmpl': '|' }, ['conf.d/a.toml:2:1 missing-template']],
    [
      'a link to a device',
      { 'conf.d/a.toml': head, 'templates/a.tmpl': '->/dev/zero' },
      ['conf.d/a.toml:2:1 missing-template'],
    ],
    ['in a folder', { 'conf.d/a.toml': head.replace('a.tmpl', 'b/a.tmpl'), 'templates/b/a.tmpl': 'x' }, []],
  ],
  'template-syntax': [
    ['an end that is missing', resource('', 'x\n {{if true}}'), ['templates/a.tmpl:2:2 template-syntax']],
    ['Handlebars', handlebars('x\n {{#if this}}'), ['templates/a.hbs:2:2 template-syntax']],
    [
      'calls in Handlebars that are nested too deep',
      handlebars(`{{a ${'(b '.repeat(600)}`),
      ['templates/a.hbs:1:1 template-syntax'],
    ],
    ['braces in a text', resource('', '{{"{{if"}} }}'), []],
  ],
  'unknown-function': [
    [
      'all of them, one in an argument',
      resource('', '{{getvv "/app/a"}}\né {{print (nope 1)}}{{"a" | nop}}'),
      ['templates/a.tmpl:1:3', 'templates/a.tmpl:2:12', 'templates/a.tmpl:2:29'].map(
        (place) => `${place} unknown-function`,
      ),
    ],
    [
      'Handlebars',
      handlebars('{{getvv "/app/a"}} {{nope (nop 1)}}'),
      [1, 20, 27].map((c) => `templates/a.hbs:1:${c} unknown-function`),
    ],
    ['a name of Handlebars that may be a field', handlebars('{{#each (ls "/app")}}{{nope}}{{/each}}'), []],
    ['without a keyring', resource('', '{{cgetv "/app/a"}}'), ['templates/a.tmpl:1:3 unknown-function']],
    ['with a keyring', resource('', '{{cgetv "/app/a"}}'), [], { 'secret-keyring': '/nowhere' }],
    ['the functions of the language', resource('', '{{len (print 1)}}{{range ls "/app"}}{{break}}{{end}}'), []],
  ],
  'undefined-variable': [
    [
      'all of them',
      resource('', '{{$x}}\n{{if $y.z}}{{end}}'),
      ['templates/a.tmpl:1:3 undefined-variable', 'templates/a.tmpl:2:6 undefined-variable'],
    ],
    ['one that ended', resource('', '{{with $x := 1}}{{end}}{{$x}}'), ['templates/a.tmpl:1:26 undefined-variable']],
    ['one that is defined', resource('', '{{$x := 1}}{{range $i, $e := ls "/app"}}{{$x}}{{$i}}{{$}}{{end}}'), []],
  ],
  'undefined-template': [
    ['none', resource('', '{{template "b"}}'), ['templates/a.tmpl:1:12 undefined-template']],
    ['one that is defined behind', resource('', '{{template "b"}}{{define "b"}}{{end}}{{block "c" .}}{{end}}'), []],
  ],
  'wrong-arguments': [
    [
      'their number',
      resource('', '{{getv}}{{hostname 1}}\n{{print (getenv)}}{{"a" | toUpper "b"}}'),
      ['1:3', '1:11', '2:10', '2:27'].map((place) => `templates/a.tmpl:${place} wrong-arguments`),
    ],
    [
      'their type',
      resource('', '{{getv 80}}{{add "1" 2}}'),
      ['1:8', '1:18'].map((p) => `templates/a.tmpl:${p} wrong-arguments`),
    ],
    ['Handlebars', handlebars('{{getv}}{{replace "a"}}'), ['templates/a.hbs:1:9 wrong-arguments']],
    ['the right ones', resource('', '{{getv "/app/a" "b"}}{{"A" | toLower}}{{add 1 2}}{{printf "%d" 3}}'), []],
  ],
  'invalid-include': [
    ['none', resource('', 'x {{include "b"}}'), ['templates/a.tmpl:1:13 invalid-include']],
    ['one outside', resource('', '{{include "../conf.d/a.toml"}}'), ['templates/a.tmpl:1:11 invalid-include']],
    [
      'itself',
      { ...resource('', '{{include "b.tmpl"}}'), 'templates/b.tmpl': '\n{{include "a.tmpl"}}' },
      ['templates/b.tmpl:2:11 invalid-include'],
    ],
    ['a partial', handlebars('{{> b}}'), ['templates/a.hbs:1:1 invalid-include']],
    [
      'files that are there',
      {
        ...resource('', '{{include "b"}}{{include "c.hbs"}}'),
        'templates/b': 'x',
        'templates/c.hbs': '{{> d}}',
        'templates/d.hbs': 'x',
      },
      [],
    ],
    [
      'a partial that is inline, or has a text instead',
      handlebars('{{#*inline "b"}}x{{/inline}}{{> b}}{{#> c}}x{{/c}}'),
      [],
    ],
    ['a name that only a run knows', resource('', '{{include (getv "/app/file")}}'), []],
  ],
  'key-outside-keys': [
    [
      'keys, patterns and folders',
      resource(
        '',
        '{{getv "/a"}}{{getv "/apple" "x"}}\n{{exists "/b"}} {{gets "/b/*"}} {{range ls "/c"}}{{end}} {{"/d" | get}}',
      ),
      ['1:8', '1:21', '2:10', '2:24', '2:44', '2:67'].map((place) => `templates/a.tmpl:${place} key-outside-keys`),
    ],
    ['below a prefix', resource('prefix = "/p"', '{{getv "/p/app"}}'), ['templates/a.tmpl:1:8 key-outside-keys']],
    [
      'in an include',
      { ...resource('', '{{include "b"}}'), 'templates/b': '\n{{getv ("/x")}}' },
      ['templates/b:2:9 key-outside-keys'],
    ],
    ['Handlebars', handlebars('{{getv "/a"}}'), ['templates/a.hbs:1:8 key-outside-keys']],
    [
      'without any keys',
      { ...a(head), 'templates/a.tmpl': '{{getv "/a"}}' },
      ['templates/a.tmpl:1:8 key-outside-keys'],
    ],
    [
      'keys that are misspelt',
      { ...a(`${head}key = ["/a"]`), 'templates/a.tmpl': '{{getv "/a"}}' },
      ['conf.d/a.toml:4:1 misspelt-key'],
    ],
    [
      'keys that are selected',
      resource(
        'prefix = "/p"',
        '{{getv "/app"}}{{getv "/app/x"}}{{gets "/app/*"}}{{gets "/*"}}{{ls "/"}}{{lsdir "/app/x"}}',
      ),
      [],
    ],
    [
      'a key that is made in the run',
      resource('', '{{$h := "x"}}{{getv (printf "/x/%s" $h)}}{{range ls "/app"}}{{getv .}}{{end}}'),
      [],
    ],
    ['a prefix of the settings', resource('prefix = "/p"', '{{getv "/app/x"}}'), [], { prefix: '/q' }],
    [
      'a name that begins so, in a file',
      { ...resource('', '{{getv "/apple"}}'), 'confd.toml': 'backend = "file"' },
      [],
    ],
    [
      'a store that is not known',
      { ...resource('', '{{getv "/apple"}}'), 'confd.toml': 'backend = "nope"' },
      ['confd.toml:1:1 unknown-backend'],
    ],
  ],
  'datetime-in-output': [
    [
      'the time, its text and a variable',
      resource(
        '',
        '{{datetime}}{{datetime.Format "15:04"}}\n{{$t := datetime}}{{$t}}{{printf "%v" (datetime)}}{{datetime.Unix}}',
      ),
      ['1:3', '1:15', '2:21', '2:27', '2:53'].map((place) => `templates/a.tmpl:${place} datetime-in-output`),
    ],
    ['Handlebars', handlebars(' {{datetime}}'), ['templates/a.hbs:1:2 datetime-in-output']],
    [
      'a date, a year, a question',
      resource(
        '',
        '{{datetime.Format "2006-01-02"}}{{datetime.Year}}{{if eq datetime.Weekday.String "Monday"}}{{end}}{{$t := datetime}}{{$t.Month}}{{eq datetime.Hour 3}}',
      ),
      [],
    ],
  ],
  'unused-template': [
    ['a file', { ...resource(), 'templates/b/c.tmpl': 'x' }, ['templates/b/c.tmpl:1:1 unused-template']],
    [
      'a note, a copy, and what is included',
      {
        ...resource('', '{{include "b.tmpl"}}'),
        'templates/b.tmpl': '',
        'templates/README.md': '',
        'templates/c.tmpl~': '',
        'templates/.d.tmpl': '',
      },
      [],
    ],
    ['where a name is not known', { ...resource('', '{{include (getv "/app/x")}}'), 'templates/b.tmpl': '' }, []],
    [
      'where a resource cannot be read',
      { ...resource(), 'templates/b.tmpl': '', 'conf.d/b.toml': '[' },
      ['conf.d/b.toml:1:2 invalid-toml'],
    ],
  ],
};
