import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lint } from '../../src/lint/lint.ts';
import type { Code } from '../../src/lint/rules.ts';

/** Files by name below a confdir. `->x` is a link to x, `|` a named pipe, a name that ends in / a folder. `$ROOT` in a text is the confdir. */
export type Tree = Readonly<Record<string, string>>;

/** A confdir in a temporary folder, with a folder `out` for dests. */
export function makeTree(tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'confd-lint-'));
  mkdirSync(join(root, 'out'));
  mkdirSync(join(root, 'conf.d'));
  mkdirSync(join(root, 'templates'));
  for (const [name, text] of Object.entries(tree)) {
    const path = join(root, name);
    if (name.endsWith('/')) {
      mkdirSync(path, { recursive: true });
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    if (text === '|') execFileSync('mkfifo', [path]);
    else if (text.startsWith('->')) symlinkSync(text.slice(2), path);
    else writeFileSync(path, text.replaceAll('$ROOT', root));
    if (name === 'confd.toml') chmodSync(path, 0o600);
  }
  return root;
}

/** The problems of a tree as `FILE:LINE:COLUMN CODE`, and their messages. */
export async function problemsOf(tree: Tree, flags: Readonly<Record<string, string | boolean>> = {}) {
  const root = makeTree(tree);
  try {
    const request = { folder: root, flags: new Map(Object.entries(flags)), env: new Map() };
    const { problems } = await lint(request);
    return {
      places: problems.map(({ file, line, column, code }) => {
        const place = file === '' ? 'settings' : `${file.replace(`${root}/`, '')}:${line ?? 1}:${column ?? 1}`;
        return `${place} ${code}`;
      }),
      messages: problems.map(({ message }) => message.replaceAll(root, '$ROOT')),
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** A resource over /app whose dest is out/a and whose template is a.tmpl; more are further lines, from line 5 on. */
export function resource(more = '', template = 'x', name = 'a'): Tree {
  return {
    [`conf.d/${name}.toml`]: `[template]\nsrc = "${name}.tmpl"\ndest = "$ROOT/out/${name}"\nkeys = ["/app"]\n${more}`,
    [`templates/${name}.tmpl`]: template,
  };
}

/** The same with a Handlebars template. */
export function handlebars(template: string, more = ''): Tree {
  return {
    'conf.d/a.toml': `[template]\nsrc = "a.hbs"\ndest = "$ROOT/out/a"\nkeys = ["/app"]\n${more}`,
    'templates/a.hbs': template,
  };
}

/** A tree of files, flags where there are some, and the problems: all of them. A near miss has none. */
export type Row = readonly [
  what: string,
  tree: Tree,
  problems: readonly string[],
  flags?: Readonly<Record<string, string | boolean>>,
];
export type Rows = Partial<Record<Code, readonly Row[]>>;

export const a = (text: string): Tree => ({ 'conf.d/a.toml': text, 'templates/a.tmpl': 'x' });
export const head = '[template]\nsrc = "a.tmpl"\ndest = "$ROOT/out/a"\n';
export const confd = (text: string): Tree => ({ ...resource(), 'confd.toml': text });
export const check = (text: string, dest = '$ROOT/out/a') =>
  a(head.replace('$ROOT/out/a', dest) + `check_cmd = '''${text}'''\n`);
export const reload = (text: string, dest = '$ROOT/out/a') =>
  a(head.replace('$ROOT/out/a', dest) + `reload_cmd = '''${text}'''\n`);
export const at4 = (code: Code) => [`conf.d/a.toml:4:1 ${code}`];
export const inDest = (dest: string) => a(head.replace('$ROOT/out/a', dest));
