import { a, at4, confd, head, resource, type Rows } from '../tree.ts';

/** Problems of config. */
export const configRows: Rows = {
  'unreadable-file': [
    ['a link to nothing', { ...resource(), 'conf.d/b.toml': '->nowhere' }, ['conf.d/b.toml:1:1 unreadable-file']],
    ['a link to a file', { ...resource(), 'conf.d/notes': '->nowhere' }, []],
    ['a confd.toml that is a folder', { ...resource(), 'confd.toml/': '' }, ['confd.toml:1:1 unreadable-file']],
  ],
  'invalid-toml': [
    ['an open quote', a(`${head}mode = "06`), ['conf.d/a.toml:4:11 invalid-toml']],
    ['a number with a leading zero', a(`${head}mode = 0644`), ['conf.d/a.toml:4:11 invalid-toml']],
    ['no UTF-8 in a comment', a(`${head}# é`), []],
    ['confd.toml', confd('backend = etcd'), ['confd.toml:1:11 invalid-toml']],
  ],
  'invalid-value': [
    [
      'every wrong type of a file',
      a('[template]\nsrc = "a.tmpl"\ndest = "$ROOT/out/a"\nkeys = "/"\n  mode = 644\nuid = "x"\nstrict = 1\n'),
      ['conf.d/a.toml:4:1', 'conf.d/a.toml:5:3', 'conf.d/a.toml:6:1', 'conf.d/a.toml:7:1'].map(
        (p) => `${p} invalid-value`,
      ),
    ],
    [
      'every wrong type of confd.toml',
      confd('noop = "yes"\n\n  interval = "5"\nnodes = "x"\n'),
      ['confd.toml:1:1', 'confd.toml:3:3', 'confd.toml:4:1'].map((place) => `${place} invalid-value`),
    ],
    [
      'a number that nobody can be',
      a(`${head}uid = -2\ngroup = "4294967295"`),
      ['conf.d/a.toml:4:1 invalid-value', 'conf.d/a.toml:5:1 invalid-value'],
    ],
    ['right types', a(`${head}keys = ["/"]\nmode = "0644"\nuid = -1\nstrict = false`), []],
  ],
  'invalid-setting': [
    ['an interval of nothing', confd('\ninterval = 0'), ['confd.toml:2:1 invalid-setting']],
    ['an interval', confd('interval = 1'), []],
    ['a flag', resource(), ['settings invalid-setting'], { scheme: 'gopher' }],
  ],
  'misspelt-key': [
    [
      'all of them',
      a(`${head}reload_comand = "x"\n chek_cmd = "x"\n`),
      ['conf.d/a.toml:4:1 misspelt-key', 'conf.d/a.toml:5:2 misspelt-key'],
    ],
    ['in another case', a(`${head}MODE = "0644"\n`), []],
  ],
  'missing-key': [
    ['no table', a('src = "a.tmpl"\n'), ['conf.d/a.toml:1:1 missing-key', 'conf.d/a.toml:1:1 unknown-key']],
    ['an empty dest', a('[template]\nsrc = "a.tmpl"\n  dest = ""\n'), ['conf.d/a.toml:3:3 missing-key']],
    [
      'neither',
      { 'conf.d/a.toml': '\n[template]\n' },
      ['conf.d/a.toml:2:1 missing-key', 'conf.d/a.toml:2:1 missing-key'],
    ],
    ['no keys', a(head), []],
  ],
  'unknown-backend': [
    ['of confd.toml', confd('\nbackend = "nope"'), ['confd.toml:2:1 unknown-backend']],
    ['of a resource', a(`${head}[backend]\nbackend = "nope"`), ['conf.d/a.toml:4:1 unknown-backend']],
    ['one that there is', confd('backend = "file"'), []],
  ],
  'unknown-source': [
    ['a name', a(`${head}keys = ["/"]\nsources = ["site"]`), ['conf.d/a.toml:5:1 unknown-source']],
    [
      'a table of confd.toml',
      { ...a(`${head}keys = ["/"]\nsources = ["site"]`), 'confd.toml': '[source.site]\nbackend = "file"\n' },
      [],
    ],
    [
      'one that cannot be known',
      { ...a(`${head}keys = ["/"]\nsources = ["site"]`), 'confd.toml': '[source.site\n' },
      ['confd.toml:1:13 invalid-toml'],
    ],
  ],
  'unknown-key': [
    ['of a resource', a(`${head}zebra = 1\n`), at4('unknown-key')],
    ['of confd.toml', confd('\n  zebra = 1\n'), ['confd.toml:2:3 unknown-key']],
    ['a misspelt one, with -lenient', a(`${head}chek_cmd = "x"\n`), at4('unknown-key'), { lenient: true }],
    ['one that confd knows and ignores', a(`${head}stagefile = "x"\n`), []],
  ],
  'old-layout': [
    ['a [confd] table', confd('\n[confd]\nprefix = "/"\n'), ['confd.toml:2:1 old-layout']],
    ['a key called so', a(`${head}# [confd]\n`), []],
  ],
  'missing-header': [
    ['a src', confd('src = "a.tmpl"\n'), ['confd.toml:1:1 missing-header', 'confd.toml:1:1 unknown-key']],
    ['a resource', { 'confd.toml': head.replace('/a"', '/b"'), ...resource() }, []],
  ],
  'doubtful-setting': [
    ['half of a login', confd('basic_auth = true\n'), ['settings doubtful-setting']],
    ['a whole one', confd('basic_auth = true\nusername = "u"\npassword = "p"\n'), []],
    ['of a resource', a(`${head}[backend]\nclient_cert = "/c"\n`), ['conf.d/a.toml:4:1 doubtful-setting']],
  ],
  'no-resources': [
    ['an empty conf.d', {}, ['settings no-resources']],
    ['one', resource(), []],
  ],
  'decimal-mode': [
    ['644', a(`${head}mode = "644"`), at4('decimal-mode')],
    ['0644', a(`${head}mode = "0644"`), []],
    ['0o644', a(`${head}mode = "0o644"`), []],
  ],
  'backend-cannot-watch': [
    ['of the settings', confd('backend = "env"\n\nwatch = true'), ['confd.toml:3:1 backend-cannot-watch']],
    ['by a flag', confd('backend = "env"'), ['settings backend-cannot-watch'], { watch: true }],
    [
      'of a resource',
      a(`${head}[backend]\nbackend = "env"`),
      ['conf.d/a.toml:4:1 backend-cannot-watch'],
      { watch: true },
    ],
    ['one that can', confd('backend = "file"\nwatch = true'), []],
    ['without -watch', confd('backend = "env"'), []],
  ],
  'unknown-owner': [
    ['a user', a(`${head}owner = "nobody-of-that-name"`), at4('unknown-owner')],
    ['a group', a(`${head}group = "nobody-of-that-name"`), at4('unknown-owner')],
    ['root', a(`${head}owner = "root"\ngroup = "root"`), []],
    ['a number', a(`${head}owner = "12345"\nuid = -1`), []],
  ],
};
