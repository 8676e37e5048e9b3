import { expect, test } from '@jest/globals';
import { fromText } from '../../src/go/bytes.ts';
import { TemplateError } from '../../src/template/engine/engine.ts';
import { enginesFor } from '../../src/template/engines.ts';
import { declaredFuncs } from '../../src/template/funcs/funcs.ts';
import { problemsOf, type Tree } from './tree.ts';

// Whatever a tree holds, lint ends with a list of problems.

const seed = Number(process.env['LINT_SEED'] ?? Date.now() % 2 ** 31);
const rounds = Number(process.env['LINT_ROUNDS'] ?? 60);
let state = seed;
const random = (n: number): number => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >>> 8) % n;
};
const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
const some = (from: readonly string[], most: number, between: string) =>
  Array.from({ length: random(most) }, () => pick(from)).join(between);

const go = [
  ...[
    '{{',
    '}}',
    '{{-',
    '-}}',
    'getv ',
    '"/app/x" ',
    'datetime',
    '.Format ',
    '"15:04"',
    '$x',
    ' := ',
    '| ',
    '(',
    ')',
    'range ',
  ],
  ...[
    '{{end}}',
    '{{else}}',
    '{{if true}}',
    '{{define "t"}}',
    '{{template "t"}}',
    '{{include "b.tmpl"}}',
    '{{/* */}}',
    '\n',
    'é',
    '0x',
    "'a'",
  ],
  ...[
    '{{$x := datetime}}',
    '{{$x.Unix}}',
    '{{getv 1}}',
    '{{nope}}',
    '`',
    '"',
    '\\',
    '{{range $i, $e := ls "/a"}}',
    '{{break}}',
    '{{getvs "/[a"}}',
  ],
];
const hbs = [
  ...[
    '{{',
    '}}',
    '{{{',
    '{{#each ',
    '{{/each}}',
    '{{#if ',
    '{{/if}}',
    '{{else}}',
    'getv ',
    '"/app/x"',
    '(',
    ')',
    '{{> b}}',
    '{{#> c}}',
  ],
  ...[
    '{{/c}}',
    '{{#*inline "d"}}',
    '{{/inline}}',
    ' as |x|',
    '../',
    '@index',
    '{{! x }}',
    '~',
    '[a b]',
    'x=1',
    '\n',
    'é',
    '{{datetime}}',
  ],
];
const shell = [
  ...[
    'nginx',
    '-t',
    '-c',
    '{{.src}}',
    '{{.dest}}',
    '{{.scr}}',
    '{{',
    '}}',
    '&&',
    '||',
    ';',
    '&',
    '|',
    "'",
    '"',
    '$(',
    ')',
    '`',
    '#',
  ],
  ...[
    '>',
    '2>&1',
    '<<',
    'kill',
    '-HUP',
    'sudo',
    '-u',
    'env',
    'A=1',
    'systemctl',
    'reload',
    'redis',
    'true',
    '\\',
    'if',
    'fi',
    '!',
  ],
];
const lines = [
  ...[
    'src = "a.tmpl"',
    'src = "a.hbs"',
    'src = "../x"',
    'dest = "$ROOT/out/a"',
    'dest = "/proc/x"',
    'dest = ""',
    'keys = ["/app", "x"]',
    'keys = 1',
  ],
  ...[
    'mode = "644"',
    'mode = "9"',
    'uid = -5',
    'owner = "\\u0000"',
    'prefix = "p/../.."',
    'sources = ["s"]',
    'engine = "handlebars"',
    'engine = "x"',
  ],
  ...[
    '[backend]',
    'backend = "env"',
    'backend = "vault"',
    'node = "x"',
    'strict = false',
    'min_keys = 1e9',
    'x = [[[',
    'y = """',
    '[template',
    '\t=',
    '# é\u2028',
  ],
];

function tree(): Tree {
  const file = () =>
    `${pick(['[template]', '[Template]', ''])}\n${some(lines, 9, '\n')}\n${pick(['check_cmd', 'reload_cmd'])} = ${JSON.stringify(some(shell, 9, pick(['', ' '])))}\n`;
  return {
    'conf.d/a.toml': file(),
    'conf.d/b.toml': `[template]\nsrc = "a.tmpl"\ndest = "$ROOT/out/b"\nkeys = ["/app"]\n`,
    'conf.d/c.toml': `[template]\nsrc = "a.hbs"\ndest = "$ROOT/out/c"\n${some(lines, 4, '\n')}`,
    'confd.toml': pick(['', 'backend = "file"\nwatch = true', some(lines, 4, '\n')]),
    'templates/a.tmpl': some(go, 30, ''),
    'templates/b.tmpl': some(go, 9, ''),
    'templates/a.hbs': some(hbs, 30, ''),
    'templates/b.hbs': some(hbs, 9, ''),
  };
}

test(`random trees (LINT_SEED=${seed})`, async () => {
  for (let round = 0; round < rounds; round++) {
    const made = tree();
    const result = await problemsOf(made).catch((error: unknown) => error);
    expect({ made, result }).toEqual({ made, result: expect.objectContaining({ places: expect.any(Array) }) });
  }
});

/** Problems that keep the agent from loading a template; it sees the others when it renders. */
const ofParsing = /^templates\/(a\.\S+):\d+:\d+ (?:template-syntax|unknown-function|undefined-variable)$/;

test(`what the agent cannot load has an error, and nothing else has (LINT_SEED=${seed})`, async () => {
  const engineOf = enginesFor('/nowhere');
  for (let round = 0; round < rounds; round++) {
    const made = tree();
    const trees = {
      ...made,
      'conf.d/a.toml': '[template]\nsrc = "a.tmpl"\ndest = "/a"\n',
      'conf.d/c.toml': '[template]\nsrc = "a.hbs"\ndest = "/c"\n',
      'confd.toml': '',
    };
    const { places } = await problemsOf(trees);
    const told = new Set(places.flatMap((place) => ofParsing.exec(place)?.[1] ?? []));
    for (const name of ['a.tmpl', 'a.hbs']) {
      const text = made[`templates/${name}`]!;
      const engine = await engineOf(name, { engine: null, strict: true });
      let refused = '';
      try {
        engine.compile(name, fromText(text), declaredFuncs);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        refused = error.message;
      }
      const isTold =
        told.has(name) ||
        places.some((place) => place.startsWith(`templates/${name}:`) && place.endsWith(' wrong-arguments'));
      expect({ text, refused, told: refused === '' ? told.has(name) : isTold }).toEqual({
        text,
        refused,
        told: refused !== '',
      });
    }
  }
});
