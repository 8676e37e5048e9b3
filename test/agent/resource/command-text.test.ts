import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { compileCommand } from '../../../src/agent/resource/command-text.ts';

const files = { src: '/etc/.d é1', dest: '/etc/d' };
const plain = { src: '/etc/.dé+1', dest: '/etc/d' };
const both = ['check_cmd', 'reload_cmd'] as const;

describe('what seems to misspell a name: check_cmd refuses it, reload_cmd says so', () => {
  test.each([
    ['x {{.scr}}', '{{.scr}}', 'src'],
    ['x {{.sr}}', '{{.sr}}', 'src'],
    ['x {{ .Src }}', '{{ .Src }}', 'src'],
    ['x {{src}}', '{{src}}', 'src'],
    ['x {{$src}}', '{{$src}}', 'src'],
    ['x {{.dst}}', '{{.dst}}', 'dest'],
    ['x {{.DEST}} && y', '{{.DEST}}', 'dest'],
    ['x {{.src', '{{.src', 'src'],
    ['x {{.src}', '{{.src}', 'src'],
    ['x {{-.src}}', '{{-.src}}', 'src'],
    ['x {{.src | quote}}', '{{.src | quote}}', 'src'],
    ['x {{quote .dest}}', '{{quote .dest}}', 'dest'],
  ])('%s', (text, shown, name) => {
    expect(() => compileCommand('check_cmd', text, null)).toThrow(
      `check_cmd: ${shown} is not replaced by a path; did you mean {{.${name}}}?`,
    );
    const { command, warnings } = compileCommand('reload_cmd', text, null);
    expect(warnings).toEqual([`reload_cmd: ${shown} is passed to the shell unchanged; did you mean {{.${name}}}?`]);
    expect(command!.text(files)).toBe(text);
  });
});

describe('braces for other programs reach the shell as they are, and nothing is said', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['docker ps --format {{.Names}}', 'docker ps --format {{.Names}}'],
    ["docker inspect -f '{{json .State}}' x", "docker inspect -f '{{json .State}}' x"],
    [
      "docker inspect -f '{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}}' x",
      "docker inspect -f '{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}}' x",
    ],
    [
      'docker inspect -f {{.Host}} -f {{.Size}} -f {{.State}}',
      'docker inspect -f {{.Host}} -f {{.Size}} -f {{.State}}',
    ],
    [
      "podman ps --format '{{.ID}} {{.Status}}' && cp {{.src}} /x",
      "podman ps --format '{{.ID}} {{.Status}}' && cp /etc/.dé+1 /x",
    ],
    ["awk '{{ n++ } END {{ print n }}'", "awk '{{ n++ } END {{ print n }}'"],
    ['x {{ }} {{}} }} {{', 'x {{ }} {{}} }} {{'],
    ['x {{/* a comment */}}{{', 'x {{/* a comment */}}{{'],
    ['x {{getv "/x"}}', 'x {{getv "/x"}}'],
    ['x {.src} ${src} {{{.src}}}', 'x {.src} ${src} {/etc/.dé+1}'],
  ];
  for (const key of both) {
    test.each(rows)(`${key} %s`, (text, filled) => {
      const { command, warnings } = compileCommand(key, text, null);
      expect([command!.text(plain), warnings]).toEqual([filled, []]);
    });
  }
});

describe('our names, with the spaces and trims of Go', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['nginx -t', 'nginx -t'],
    ['nginx -t -c {{.src}}', 'nginx -t -c /etc/.dé+1'],
    ['cmp {{ .src }} {{.dest}} # é', 'cmp /etc/.dé+1 /etc/d # é'],
    ['cmp {{\t.src\n}}{{.dest}}', 'cmp /etc/.dé+1/etc/d'],
    ['cmp {{- .src }} \n\t {{.dest -}} x', 'cmp/etc/.dé+1 \n\t /etc/dx'],
    ['{{- .src -}} {{- .dest -}} \n', '/etc/.dé+1/etc/d'],
  ];
  for (const key of both) {
    test.each(rows)(`${key} %j`, (text, filled) => {
      expect(compileCommand(key, text, null).command!.text(plain)).toBe(filled);
    });
  }

  test('a check_cmd that is a template of these names is one, as in confd; a reload_cmd is not', () => {
    const text = '{{if eq .dest "/etc/d"}}yes{{else}}no{{end}} {{printf "%q" .src}} {{"{{"}}.Names{{"}}"}}';
    expect(compileCommand('check_cmd', text, null).command!.text(plain)).toBe('yes "/etc/.dé+1" {{.Names}}');
    expect(compileCommand('reload_cmd', text, null).command!.text(plain)).toBe(text);
  });

  test('none, and the time limit', () => {
    expect(compileCommand('check_cmd', '', 5)).toEqual({ command: null, warnings: [] });
    expect(compileCommand('reload_cmd', 'x', 5).command).toMatchObject({ key: 'reload_cmd', timeoutMs: 5 });
  });
});

// Every one of them in one path, and a few as they come.
const paths = [
  '/srv/My App/x.conf',
  "/srv/Bob's site/x",
  '/srv/a"b',
  '/srv/a;touch /tmp/owned',
  '/srv/$(touch owned)`touch owned`',
  '/srv/$HOME/${HOME}',
  '/srv/back\\slash\\',
  '/srv/new\nline\ttab',
  '/srv/* ? [a] {a,b} ~ # ! & | < > ( ) ^',
  "/srv/''\"\"$'x'",
  '-rf ~',
];

describe('a path is one word, whatever is in it', () => {
  /** What a real shell makes of the command, which prints its words one by one. */
  const run = (text: string, path: string): string[] => {
    const filled = compileCommand('reload_cmd', text, null).command!.text({ src: path, dest: path });
    const show = `show() { for word; do printf '%s\\0' "$word"; done; }\n${filled}`;
    return execFileSync('/bin/sh', ['-c', show], { encoding: 'utf8' }).split('\0').slice(0, -1);
  };
  const rows: readonly (readonly [string, (path: string) => readonly string[]])[] = [
    ['show a {{.src}} b', (path) => ['a', path, 'b']],
    ['show {{.src}}.bak pre{{.dest}}', (path) => [`${path}.bak`, `pre${path}`]],
    ['show "{{.src}}" b', (path) => [path, 'b']],
    ['show "file={{.src}}.x"', (path) => [`file=${path}.x`]],
    ["show '{{.src}}' b", (path) => [path, 'b']],
    ["show 'a'{{.src}}'b'\"c\"", (path) => [`a${path}bc`]],
    ['show {{.src}}{{.dest}}', (path) => [path + path]],
    ['x={{.src}}; show a && show b # done', () => ['a', 'b']],
    ['show a\\ b {{.src}} "c\\"d"', (path) => ['a b', path, 'c"d']],
    ['if [ -n {{.src}} ]; then show {{.dest}}; fi', (path) => [path]],
  ];
  for (const path of paths) {
    test.each(rows)(`${JSON.stringify(path)}: %s`, (text, expected) => {
      expect(run(text, path)).toEqual(expected(path));
    });
  }

  test.each(rows)('a harmless path goes in as ever: %s', (text) => {
    const filled = compileCommand('reload_cmd', text, null).command!.text(plain);
    expect(filled).toBe(text.replaceAll('{{.src}}', plain.src).replaceAll('{{.dest}}', plain.dest));
  });

  test('where it would be read twice, or that cannot be told, it is refused, with the character and the way out', () => {
    expect(() => run('sh -c "cat {{.src}}"', '/a b')).toThrow(
      'reload_cmd: a path with " " is not safe as {{.src}} here, where the shell could read it as code or as two words: ' +
        'write "$CONFD_SRC" instead',
    );
  });

  test.each([
    ['sh -c "cat {{.src}}"'],
    ["ssh host 'cat {{.src}} && x'"],
    ['echo "$(cat {{.src}})"'],
    ['echo `cat {{.src}}`'],
    ['cat <<END\n{{.src}}\nEND'],
    ['echo ${x:-{{.src}}}'],
    ["echo $'{{.src}}'"],
    ['echo ${{.src}}'],
    ['echo \\{{.src}}'],
    ['echo x # {{.src}}'],
    ['echo "{{.src}}'],
    ["echo '{{.src}}"],
    ['echo "a\\"{{.src}}"'],
  ])('refused: %s', (text) => {
    for (const path of paths) {
      expect(() => compileCommand('reload_cmd', text, null).command!.text({ src: path, dest: path })).toThrow(
        /^reload_cmd: a path with ".*" is not safe as \{\{\.src\}\} here/,
      );
    }
    expect(compileCommand('reload_cmd', text, null).command!.text(plain)).toBe(text.replace('{{.src}}', plain.src));
  });

  test('a template of a check_cmd can put it anywhere, so it is refused there', () => {
    const { command } = compileCommand('check_cmd', '{{printf "%q" .src}}', null);
    expect(() => command!.text({ src: '/a;b', dest: '/d' })).toThrow('check_cmd: a path with ";" is not safe');
    expect(() => command!.text({ src: '/a', dest: '/d\n' })).toThrow('check_cmd: a path with "\\n" is not safe');
  });
});
