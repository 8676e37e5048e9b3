// Inputs of the agent that are nearly right, or hardly.

const deep = (open, close, n) => open.repeat(n) + close.repeat(n);

/** Pieces that have hurt somebody: depth, size, numbers at the edge, bytes that are no text. */
function nasty(random) {
  return random.pick([
    () => deep('[', ']', random.below(20_000)),
    () => deep('{"a":', '}', random.below(20_000)),
    () => 'a.'.repeat(random.below(20_000)),
    () => '- '.repeat(random.below(5_000)),
    () => '('.repeat(random.below(5_000)),
    () => '{{'.repeat(random.below(3_000)),
    () => 'x'.repeat(random.below(200_000)),
    () => '18446744073709551616',
    () => '-9223372036854775809',
    () => '1e999',
    () => '1979-02-30T25:61:61Z',
    () => '\0',
    () => Buffer.from([0xff, 0xfe, 0x80]).toString('latin1'),
    () => '\r',
    () => '"""',
    () => '&a [*a, *a]',
    () => '__proto__',
    () => '../../..',
    () => '%n%s%d',
    () => '',
  ])();
}

/** Cuts, doubles, changes and inserts at random places. */
function mutated(random, text) {
  let result = text;
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(result.length + 1);
    const piece = random.pick([
      () => nasty(random),
      () => String.fromCharCode(random.below(256)),
      () => result.slice(random.below(result.length + 1), random.below(result.length + 1)),
    ])();
    result = result.slice(0, at) + piece + result.slice(at + (random.chance(0.5) ? random.below(8) : 0));
  }
  return Buffer.from(result, 'latin1');
}

const keyed = ['/', '/a', '/a/b', 'a', '', '/dir', '/a//b', '/A_B', '/ü'];

export function resources(random, { folder, v2, v3 }) {
  const lines = [
    '[template]',
    `src = "t${random.below(6)}.${random.pick(['tmpl', 'hbs'])}"`,
    `dest = "${folder}/${random.pick([`o${random.below(6)}`, 'nowhere/o', 'conf.d', `o ${random.below(3)}`])}"`,
    `keys = [${Array.from({ length: random.below(4) }, () => JSON.stringify(random.pick(keyed))).join(', ')}]`,
    ...[
      `prefix = "${random.pick(keyed)}"`,
      `mode = ${random.pick(['"0644"', '"644"', '644', '"rw-r--r--"', '"99999999999999999999"'])}`,
      `uid = ${random.pick(['0', '-1', '18446744073709551616', '"x"', '1.5'])}`,
      `owner = "${random.pick(['root', 'nobody-here', ''])}"`,
      `check_cmd = "${random.pick(['true', 'false', 'cat {{.src}}', '{{.x}}', '{{', 'kill -9 $$', 'exit 300'])}"`,
      `reload_cmd = "${random.pick(['true', 'false', 'echo {{json .}}', 'sleep 0.2', 'yes | head -c 300000'])}"`,
      `min_keys = ${random.pick(['0', '3', '-1', '9999999999'])}`,
      `engine = "${random.pick(['go', 'handlebars', 'x'])}"`,
    ].filter(() => random.chance(0.25)),
    ...(random.chance(0.3)
      ? [
          '[backend]',
          ...random.pick([
            ['backend = "env"'],
            ['backend = "file"', `file = ["${folder}/values"]`],
            ['backend = "etcdv2"', `nodes = ["${v2}"]`],
            ['backend = "etcdv3"', `nodes = ["${v3}"]`],
          ]),
        ]
      : []),
  ];
  return random.chance(0.5) ? lines.join('\n') : mutated(random, lines.join('\n'));
}

export function settings(random, { folder, v2, v3 }) {
  const lines = [
    `log-level = "${random.pick(['debug', 'info', 'loud'])}"`,
    `interval = ${random.pick(['1', '5', '0', '-1', '1e3', '99999999999999999999'])}`,
    `[source.s${random.below(3)}]`,
    ...random.pick([
      ['backend = "etcdv2"', `nodes = ["${v2}"]`],
      ['backend = "etcdv3"', `nodes = ["${v3}"]`],
      ['backend = "file"', `file = "${folder}/values"`],
      ['backend = "nope"'],
    ]),
  ];
  return random.chance(0.4) ? lines.join('\n') : mutated(random, lines.join('\n'));
}

const actions = [
  '{{getv "/a"}}',
  '{{range gets "/*"}}{{.Key}}={{.Value}}{{end}}',
  '{{range ls "/"}}{{.}}{{end}}',
  '{{json (getv "/a" "{}")}}',
  '{{range seq 1 100000000}}x{{end}}',
  '{{define "r"}}{{template "r"}}{{end}}{{template "r"}}',
  '{{include "t1.tmpl"}}',
  '{{include "../conf.d/healthy.toml"}}',
  '{{printf "%1000000d" 1}}',
  '{{join (split (getv "/a" "x") "") ","}}',
  '{{atoi (getv "/a" "z")}}',
  '{{if}}',
  '{{.}}',
  '{{$x := 1}}{{$x}}',
  '{{index (json `[1,2]`) 5}}',
  '{{toUpper (getv "/dir/x" "q")}}',
  '{{datetime.Unix}}',
  '{{#each (gets "/*")}}{{this.Key}}{{/each}}',
  '{{> t1}}',
  '{{base64Decode (getv "/a" "*")}}',
  '{{lookupIP "localhost"}}',
  '{{regexReplaceAll "(a*)*b" (getv "/a" "aaaaaaaaaaaaaaaaaaaaaaaa") "x"}}',
  '{{repeat 1000000 "xy"}}',
  '{{getenv "FUZZ_KEY"}}',
  '{{div 1 0}}',
  '{{len (getv "/a")}}',
];

export function templates(random) {
  const text = Array.from({ length: random.below(5) }, () => random.pick(actions)).join('\n');
  return random.chance(0.5) ? text : mutated(random, text);
}

/** YAML or JSON of the file backend. */
export function documents(random) {
  const text = random.pick([
    '{"a": "1", "dir": {"x": [1, 2, {"y": null}]}, "n": 1e3}',
    'a: 1\ndir:\n  x: &x [1, 2]\n  y: *x\n<<: {k: v}\n',
    'a: |\n  text\nb: >-\n  folded\n"c": \'d\'\n',
    Array.from(
      { length: 12 },
      (_, i) =>
        `k${i}: &k${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*k${i - 1}`)
                .join(', ')
        }]`,
    ).join('\n'),
    '- list\n',
    '',
  ]);
  return random.chance(0.3) ? text : mutated(random, text);
}

/** What an etcd v2 may answer to a read, and what it may not. */
export function answers(random) {
  const node = (key, more) => ({ key, modifiedIndex: 5, createdIndex: 5, ...more });
  const tree = {
    action: random.pick(['get', 'set', 'delete', 'expire', 7, null]),
    node: random.pick([
      node('/', {
        dir: true,
        nodes: [node('/a', { value: '1' }), node('/dir', { dir: true, nodes: [node('/dir/x', { value: '2' })] })],
      }),
      node('/a', { value: random.pick(['1', 1, null, {}, ['x']]) }),
      node('/', { dir: true, nodes: random.pick([null, {}, [null], [[]], 'x', [{ key: 5 }]]) }),
      null,
      5,
      [],
      'x',
      {},
      node(null, {}),
      node('/a', { modifiedIndex: random.pick([-1, 1e400, '5', 2 ** 60]) }),
    ]),
  };
  const body = random.pick([
    JSON.stringify(tree),
    '{"node":null}',
    '[]',
    'null',
    '1',
    '',
    '<html>',
    deep('[', ']', 50_000),
    '{"errorCode":401,"index":9}',
  ]);
  return random.chance(0.6) ? body : mutated(random, body);
}
