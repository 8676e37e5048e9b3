import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

// What the pages say about the code: every file and folder that they name is there.

const root = join(import.meta.dirname, '..');
const ignored = new Set(['.git', 'node_modules', 'dist', 'out', 'coverage']);

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (ignored.has(name)) return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [relative(root, path)];
  });
}

const files = walk(root);
const folders = new Set(files.flatMap((file) => parents(file)));
const sources = [...folders].filter((folder) => folder.startsWith('src/')).map((folder) => folder.slice(4));
const pages = files.filter((file) => /^(README|ARCHITECTURE|CONTRIBUTING)\.md$|^docs\/.*\.md$/.test(file));

function parents(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...parents(folder)];
}

/** The names in backticks that can only be files of this repository, or folders of src/ and test/. */
function namesIn(text: string): string[] {
  const plain = [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, name]) => name!)
    .filter((name) => /^[\w.*-][\w./*-]*$/.test(name));
  return plain.filter((name) => /\w\.(ts|mjs|c)$/.test(name) || isFolderName(name));
}

function isFolderName(name: string): boolean {
  const [first, ...rest] = name.split('/');
  return rest.length > 0 && !/\.\w+$/.test(name) && ['src', 'test', 'docs', ...sources].includes(first!);
}

function exists(name: string): boolean {
  const path = name.replace(/\/$/, '');
  if (!/\.\w+$/.test(path)) return ['', 'src/', 'test/'].some((top) => folders.has(`${top}${path}`));
  const pattern = new RegExp(`(^|/)${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  return files.some((file) => pattern.test(file));
}

describe('names of files and folders', () => {
  test('a name that does not exist is found', () => {
    const text =
      'see `agent/bell.ts`, `agent/rooms/`, `test/none`, `x.test.ts`, but not `member/`, `keys.json` or `/v2/keys`';
    expect(namesIn(text).filter((name) => !exists(name))).toEqual([
      'agent/bell.ts',
      'agent/rooms/',
      'test/none',
      'x.test.ts',
    ]);
  });

  test.each(pages)('%s names only what exists', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    // Its first column has the names of before.
    const shown = page === 'docs/renames.md' ? text.replace(/^\| [^|]* \|/gm, '|') : text;
    expect(namesIn(shown).filter((name) => !exists(name))).toEqual([]);
  });
});

test('ARCHITECTURE.md has a row for each folder of src/ that holds files', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z0-9/-]+)` \| [^|]+ \|$/gm)].map(([, name]) => name!);
  const holding = new Set(files.filter((file) => file.startsWith('src/')).map((file) => dirname(file).slice(4)));
  expect([...holding].filter((name) => name !== '' && !rows.includes(name))).toEqual([]);
  expect(rows.filter((name) => !holding.has(name))).toEqual([]);
});
