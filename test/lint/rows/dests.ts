import { resource, a, head, inDest, type Rows } from '../tree.ts';

/** Problems of dests. */
export const destsRows: Rows = {
  'invalid-path': [
    ['a dest that ends with a slash', inDest('$ROOT/out/'), ['conf.d/a.toml:3:1 invalid-path']],
    ['a NUL', a('[template]\nsrc = "a\\u0000"\ndest = "$ROOT/out/a"'), ['conf.d/a.toml:2:1 invalid-path']],
    ['blanks', inDest('$ROOT/out/a b'), []],
  ],
  'dest-not-file': [
    ['a directory', { ...inDest('$ROOT/out/d'), 'out/d/': '' }, ['conf.d/a.toml:3:1 dest-not-file']],
    ['a named pipe', { ...inDest('$ROOT/out/d'), 'out/d': '|' }, ['conf.d/a.toml:3:1 dest-not-file']],
    ['a device', inDest('/dev/stdout'), ['conf.d/a.toml:3:1 dest-is-link']],
    ['the kernel', inDest('/proc/sys/vm/swappiness'), ['conf.d/a.toml:3:1 dest-not-file']],
    ['a device itself', inDest('/dev/null'), ['conf.d/a.toml:3:1 dest-not-file']],
    ['a file', { ...inDest('$ROOT/out/d'), 'out/d': 'x' }, []],
    ['a name that begins so', inDest('/processes/x'), []],
  ],
  'nested-dest': [
    [
      'below a file',
      {
        ...resource(),
        ...resource('', 'x', 'b'),
        'conf.d/b.toml': head.replace('a.tmpl', 'b.tmpl').replace('out/a', 'out/a/b/c'),
      },
      ['conf.d/b.toml:3:1 nested-dest'],
    ],
    [
      'beside it',
      {
        ...resource(),
        ...resource('', 'x', 'b'),
        'conf.d/b.toml': head.replace('a.tmpl', 'b.tmpl').replace('out/a', 'out/ab'),
      },
      [],
    ],
  ],
  'duplicate-dest': [
    [
      'one dest under two names',
      {
        ...resource(),
        ...resource('', 'x', 'b'),
        'conf.d/b.toml': '[template]\nsrc = "b.tmpl"\n dest = "$ROOT/out/./a"',
      },
      ['conf.d/b.toml:3:2 duplicate-dest'],
    ],
    [
      'one file by two directories',
      {
        ...resource(),
        ...resource('', 'x', 'b'),
        l: '->out',
        'conf.d/b.toml': head.replace('a.tmpl', 'b.tmpl').replace('out/a', 'l/a'),
      },
      ['conf.d/b.toml:3:1 duplicate-dest'],
    ],
    ['two dests', { ...resource(), ...resource('', 'x', 'b') }, []],
  ],
  'dest-in-confdir': [
    ['conf.d', inDest('$ROOT/conf.d/x.toml'), ['conf.d/a.toml:3:1 dest-in-confdir']],
    ['templates', inDest('$ROOT/templates/../templates/x'), ['conf.d/a.toml:3:1 dest-in-confdir']],
    ['the settings', inDest('$ROOT/confd.toml'), ['conf.d/a.toml:3:1 dest-in-confdir']],
    ['beside them', inDest('$ROOT/conf.d.txt'), []],
  ],
  'dest-like-stage-file': [
    ['a stage file', inDest('$ROOT/out/.x.confd-0123abcd-12-345-0123abcd'), ['conf.d/a.toml:3:1 dest-like-stage-file']],
    ['another hidden file', inDest('$ROOT/out/.x.confd-backup'), []],
  ],
  'dest-parent-missing': [
    ['no folder', inDest('$ROOT/none/x'), ['conf.d/a.toml:3:1 dest-parent-missing']],
    ['a file in its place', { ...inDest('$ROOT/out/f/x'), 'out/f': '' }, ['conf.d/a.toml:3:1 dest-parent-missing']],
    ['a path from where the agent starts', inDest('none/x'), []],
  ],
  'dest-is-link': [
    ['a link', { ...inDest('$ROOT/out/l'), 'out/l': '->f', 'out/f': '' }, ['conf.d/a.toml:3:1 dest-is-link']],
    ['a link to its folder', { ...inDest('$ROOT/l/x'), l: '->out' }, []],
  ],
  'dest-not-read': [
    ['cron', inDest('/etc/cron.d/a.conf'), ['conf.d/a.toml:3:1 dest-not-read']],
    ['sudo', inDest('/etc/sudoers.d/a.conf'), ['conf.d/a.toml:3:1 dest-not-read']],
    ['a plain name', inDest('/etc/cron.d/a-b_1'), []],
  ],
  'stage-file-read': [
    ['logrotate', inDest('/etc/logrotate.d/a'), ['conf.d/a.toml:3:1 stage-file-read']],
    ['another folder', inDest('$ROOT/out/logrotate'), []],
  ],
};
