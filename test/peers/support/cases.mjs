// The folders that both agents process: hand-written ones, the snippets, random ones, and those we decided to treat otherwise.
import assert from 'node:assert/strict';
import { resource } from './confd.mjs';
import { randomFields, randomFrom, randomPairs, randomTemplate } from './generate.mjs';
import { sample, snippets } from './snippets.mjs';

const backends = ['env', 'file', 'etcd'];
const seed = Number(process.env.PEERS_SEED ?? 20);

/** Files of a case with one template and one resource per entry. */
function resources(entries) {
  const files = {};
  entries.forEach(({ text, path = '', ...fields }, n) => {
    const name = String(n).padStart(2, '0');
    files[`templates/${name}.tmpl`] = text;
    files[`conf.d/${path}${name}.toml`] = resource({
      src: `${name}.tmpl`,
      dest: `out/${name}.conf`,
      keys: ['/'],
      ...fields,
    });
  });
  return files;
}

function snippetCases() {
  const cases = [];
  const size = 9;
  for (let from = 0; from < snippets.length; from += size) {
    const some = snippets.slice(from, from + size).map((text) => ({ text, keys: ['/app', '/srv'] }));
    const backend = backends[cases.length % 3];
    cases.push({
      name: `snippets ${from} to ${from + some.length - 1}`,
      backend,
      pairs: sample,
      files: resources(some),
    });
  }
  return cases;
}

function randomCases(count) {
  return Array.from({ length: count }, (_, n) => {
    const random = randomFrom(seed * 1000 + n);
    const pairs = randomPairs(random);
    const folders = ['', 'nested/', 'nested/deep/', 'z.toml/'];
    const one = () => ({
      text: randomTemplate(random, pairs),
      path: random.pick(folders),
      ...randomFields(random, pairs),
    });
    const files = resources(Array.from({ length: 3 + random.below(6) }, one));
    return { name: `random, PEERS_SEED=${seed}, number ${n}`, backend: backends[n % 3], pairs, files };
  });
}

const list = '{{range gets "/*"}}{{.Key}}={{.Value}}\n{{end}}{{range gets "/*/*"}}{{.Key}}={{.Value}}\n{{end}}';
const name = '{{getv "/app/name" "-"}}\n';
const prefixed = [
  { text: list, prefix: '/app' },
  { text: list, prefix: 'srv/web' },
  { text: list, prefix: '/srv/', keys: ['web'] },
];

const written = [
  { name: 'prefixes of resources', entries: prefixed },
  { name: 'a global prefix replaces them', entries: prefixed, args: ['-prefix', '/srv'], only: ['env', 'file'] },
  { name: 'a global prefix of /', entries: prefixed.slice(0, 1), args: ['-prefix=/'] },
  {
    name: 'modes',
    entries: ['0600', '0x1a4', '0b110100100', '0o640', '07777', ''].map((mode) => ({ text: 'x', mode })),
  },
  {
    name: 'modes that are none',
    entries: ['rw', '0999', '-1', '08'].map((mode) => ({ text: 'x', mode })),
    only: ['env'],
    // We say it when the resource is loaded, with its file and line.
    otherWords: true,
  },
  {
    name: 'check and reload',
    entries: [
      { text: name, check_cmd: 'grep -q web {{.src}}', reload_cmd: 'cp out/00.conf out/copied' },
      { text: name, check_cmd: 'echo "not good"; exit 3' },
      { text: name, reload_cmd: 'echo bad >&2; exit 4' },
      { text: name, check_cmd: 'kill -9 $$' },
      { text: name, check_cmd: 'nothing-of-this-name {{ .src }}' },
    ],
  },
  {
    name: 'a check_cmd that is no template',
    entries: [{ text: name }, { text: name, check_cmd: 'test {{.src' }],
    otherWords: true,
  },
  {
    name: 'sync-only',
    entries: [{ text: name, check_cmd: 'false', reload_cmd: 'touch out/reloaded' }],
    args: ['-sync-only'],
  },
  { name: 'noop', entries: [{ text: name }, { text: '{{bad' }], args: ['-noop'] },
  {
    name: 'files that are there already',
    entries: [{ text: name }, { text: 'same' }, { text: name, mode: '0640' }],
    extra: { 'out/00.conf': 'old', 'out/01.conf': 'same', 'out/02.conf': 'web\n' },
    modes: { 'out/00.conf': 0o751, 'out/01.conf': 0o600, 'out/02.conf': 0o600 },
  },
  { name: 'a source that is not there', entries: [{ text: name }, { text: name, src: 'nope.tmpl' }] },
  {
    name: 'a dest that cannot be',
    entries: [{ text: name, dest: 'out/no/such/folder.conf' }, { text: name }],
    otherWords: true,
  },
  {
    name: 'bytes as they are',
    entries: [{ text: 'a\r\n\tb {{getv "/app/text"}}\n\n' }, { text: '' }, { text: '\ufeff{{ "x" }}' }],
  },
  {
    name: 'keys that nothing matches',
    entries: [
      { text: list, keys: ['/nothing'] },
      { text: list, keys: [] },
    ],
    only: ['env', 'file'],
  },
  {
    name: 'a key of a file prefix',
    entries: [
      { text: list, keys: ['/app/n'] },
      { text: list, prefix: '/ap', keys: ['/'] },
    ],
    only: ['env', 'file'],
  },
  {
    name: 'names of conf.d files',
    entries: [
      { text: name, path: 'a/b/' },
      { text: name, path: '.hidden/' },
      { text: name, path: 'x.toml/' },
    ],
    extra: { 'conf.d/no.toml.bak': '[', 'conf.d/NO.TOML': '[' },
  },
  {
    name: 'field names in capitals',
    files: {
      'templates/a.tmpl': name,
      'conf.d/a.toml': '[Template]\nSRC="a.tmpl"\nDest="out/a"\nkeys=["/app"]\nMODE="0600"\nunknown=1\n',
    },
  },
];

/** Cases in which the two must agree. */
export function agreed() {
  const fromRows = written.flatMap(
    ({ entries, files = resources(entries), extra = {}, only = backends, ...rest }, n) => {
      // Each on one backend; the rows take turns.
      const backend = only[n % only.length];
      return [{ ...rest, backend, pairs: sample, files: { ...files, ...extra } }];
    },
  );
  return [...fromRows, ...snippetCases(), ...randomCases(Number(process.env.PEERS_CASES ?? 36))];
}

/** Cases in which ours does better on purpose; `ours` says what is expected of it. */
export function decided() {
  const common = { backend: 'env', pairs: sample };
  const text = (traces, file) => traces.files.find(([path]) => path === file)?.[2];
  return [
    {
      ...common,
      name: 'a broken conf.d file stops only itself',
      files: { ...resources([{ text: name }]), 'conf.d/broken.toml': '[template\n' },
      ours: (traces) => (assert.equal(text(traces, '00.conf'), 'web\n'), assert.equal(traces.code, 1)),
    },
    {
      ...common,
      name: 'a key that etcd does not have is absent, not an error',
      backend: 'etcd',
      files: resources([{ text: '{{getv "/nokey" "default"}}', keys: ['/app', '/nokey'] }]),
      ours: (traces) => (assert.equal(text(traces, '00.conf'), 'default'), assert.equal(traces.code, 0)),
    },
    {
      ...common,
      name: 'a per cent sign in a message stays what it is',
      files: resources([{ text: name, check_cmd: 'echo 100% good; exit 3' }]),
      ours: (traces) => assert.ok(traces.output.some((line) => line.endsWith(': 100% good'))),
    },
    {
      ...common,
      name: 'braces of other programs reach the shell, in check_cmd, too',
      files: resources([{ text: name, check_cmd: "test {{.Names}}'{{json .State}}' = '{{.Names}}{{json .State}}'" }]),
      ours: (traces) => assert.equal(text(traces, '00.conf'), 'web\n'),
    },
    {
      ...common,
      name: 'a dest with a space is one word in check_cmd',
      files: resources([{ text: name, dest: 'out/a b.conf', check_cmd: 'test -s {{.src}} && test -s "{{.src}}"' }]),
      ours: (traces) => assert.equal(text(traces, 'a b.conf'), 'web\n'),
    },
    {
      ...common,
      name: 'a dest that is a directory is named',
      files: resources([{ text: name, dest: '/proc/self/fd' }]),
      ours: (traces) => assert.match(traces.errors[0], /dest \/proc\/self\/fd is a directory/),
    },
    {
      ...common,
      name: 'reload_cmd knows {{.src}} and {{.dest}}',
      files: resources([{ text: name, reload_cmd: 'cp {{.dest}} out/copied' }]),
      ours: (traces) => assert.equal(text(traces, 'copied'), 'web\n'),
    },
    {
      ...common,
      name: 'onetime without any resource is no success',
      files: { 'conf.d/readme': 'x', 'out/.keep': '' },
      ours: (traces) => assert.equal(traces.code, 1),
    },
    {
      ...common,
      name: 'a config file that is not there is an error',
      files: resources([{ text: name }]),
      args: ['-config-file', 'nope.toml'],
      ours: (traces) => assert.equal(traces.code, 1),
    },
    {
      ...common,
      name: 'a flag wins over the config file',
      files: { ...resources([{ text: name }]), 'confd.toml': 'noop = true\n' },
      args: ['-config-file', 'confd.toml', '-noop=false'],
      ours: (traces) => assert.equal(text(traces, '00.conf'), 'web\n'),
    },
    {
      ...common,
      name: 'an owner is honoured, and one that does not exist is an error',
      files: resources([{ text: name, owner: 'nobody-of-this-name' }]),
      ours: (traces) => assert.equal(traces.code, 1),
    },
  ];
}
