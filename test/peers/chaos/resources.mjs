// The ten files that the agent keeps in the chaos run, and what each must say for a given content of the store.
const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const keysOf = (content) => [...content.keys()].sort(bytes);

/** The pairs right below a directory, in order. */
const children = (content, dir) =>
  keysOf(content).flatMap((key) => {
    const name = key.startsWith(`${dir}/`) ? key.slice(dir.length + 1) : '';
    return name === '' || name.includes('/') ? [] : [[key, content.get(key), name]];
  });

/** The names right below a directory, directories too. */
const names = (content, dir) => [
  ...new Set(
    keysOf(content).flatMap((key) => (key.startsWith(`${dir}/`) ? [key.slice(dir.length + 1).split('/')[0]] : [])),
  ),
];

const pairs = (list) => list.map(([key, value]) => `${key}=${value}\n`).join('');
const listOf = (pattern) => `{{range gets "${pattern}"}}{{.Key}}={{.Value}}\n{{end}}`;

/** name: [keys, template, what the file says, prefix]. */
export const resources = new Map(
  [
    ['list', [['/app/a'], listOf('/app/a/*'), (all) => pairs(children(all, '/app/a'))]],
    [
      'deep',
      [
        ['/app/d'],
        listOf('/app/d/*/*'),
        (all) =>
          names(all, '/app/d')
            .map((name) => pairs(children(all, `/app/d/${name}`)))
            .join(''),
      ],
    ],
    ['one', [['/app/b/one'], '{{getv "/app/b/one" "none"}}', (all) => all.get('/app/b/one') ?? 'none']],
    [
      'two',
      [
        ['/app/b'],
        '{{getv "/app/b/one" "none"}} {{getv "/app/b/two" "none"}}',
        (all) => `${all.get('/app/b/one') ?? 'none'} ${all.get('/app/b/two') ?? 'none'}`,
      ],
    ],
    [
      'prefixed',
      [
        ['/'],
        listOf('/*'),
        (all) => pairs(children(all, '/app/c').map(([, value, name]) => [`/${name}`, value])),
        '/app/c',
      ],
    ],
    [
      'values',
      [
        ['/app/e'],
        '{{range getvs "/app/e/*"}}{{.}}\n{{end}}',
        (all) =>
          children(all, '/app/e')
            .map(([, value]) => value)
            .sort(bytes)
            .map((value) => `${value}\n`)
            .join(''),
      ],
    ],
    [
      'names',
      [
        ['/app/d', '/app/f'],
        '{{range ls "/app/d"}}{{.}} {{end}}/{{range ls "/app/f"}}{{.}} {{end}}',
        (all) =>
          `${names(all, '/app/d')
            .map((name) => `${name} `)
            .join('')}/${names(all, '/app/f')
            .map((name) => `${name} `)
            .join('')}`,
      ],
    ],
    [
      'there',
      [
        ['/app/f'],
        '{{if exists "/app/f/k1"}}yes{{else}}no{{end}} {{if exists "/app/f/k2"}}yes{{else}}no{{end}}',
        (all) => [1, 2].map((n) => (all.has(`/app/f/k${n}`) ? 'yes' : 'no')).join(' '),
      ],
    ],
    [
      'wide',
      [
        ['/app/a', '/app/c', '/app/e', '/app/f'],
        ['a', 'c', 'e', 'f'].map((dir) => listOf(`/app/${dir}/*`)).join(''),
        (all) => ['a', 'c', 'e', 'f'].map((dir) => pairs(children(all, `/app/${dir}`))).join(''),
      ],
    ],
    ['fixed', [['/app/z'], 'always {{getv "/app/z/never" "this"}}', () => 'always this']],
  ].map(([name, [keys, template, expected, prefix]]) => [name, { keys, template, expected, prefix }]),
);

/** The keys that the run writes to. */
export const places = [
  ...['a', 'c', 'e', 'f'].flatMap((dir) => [1, 2, 3, 4, 5, 6].map((n) => `/app/${dir}/k${n}`)),
  ...['x', 'y', 'z'].flatMap((dir) => [1, 2, 3].map((n) => `/app/d/${dir}/k${n}`)),
  ...['/app/b/one', '/app/b/two', '/app/b/other'],
];

/** Directories that go as a whole now and then. */
export const folders = ['/app/a', '/app/c', '/app/d', '/app/d/x', '/app/d/y', '/app/e', '/app/f', '/app/b'];
