import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromText } from '../../src/go/bytes.ts';
import { Templates } from '../../src/template/template-cache.ts';
import { declare, type FuncDeps } from '../../src/template/funcs/funcs.ts';
import { Includes } from '../../src/template/funcs/include.ts';
import { Keyring } from '../../src/template/funcs/keyring.ts';
import { Lookups } from '../../src/template/funcs/lookup.ts';
import { readerOf, renderWaiting, still } from './rendering.ts';

// docs/templates.md says what every function gives; here it has to be true.

const page = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');
const made = JSON.parse(readFileSync(new URL('../helpers/secconf/secconf.json', import.meta.url), 'utf8')) as Record<
  'app' | 'second',
  string
>;

const fenced = (name: string) => new RegExp(`\`\`\`${name}\n([^]*?)\n\`\`\``).exec(page)![1]!;
const store = Object.fromEntries(
  fenced('keys')
    .split('\n')
    .map((line) => line.split(' = ') as [string, string])
    .map(([key, value]) => [key, value.startsWith('(encrypted)') ? made.second : value]),
);

interface Example {
  readonly text: string;
  /** What it gives; null where that depends on the machine. */
  readonly gives: string | null;
}

const row = /^\| `[^\n]*? \| `(\{\{.*\}\})` \| (.*) \|$/gm;
const examples = [...page.matchAll(row)].map(([, text, gives]): Example => {
  const exact = /^`(.*)`$/.exec(gives!)?.[1];
  return { text: text!.replaceAll('\\|', '|'), gives: exact?.replaceAll('\\n', '\n') ?? null };
});

let dir: string;
let world: FuncDeps;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'documented-'));
  writeFileSync(join(dir, 'greeting'), fenced('greeting'));
  writeFileSync(join(dir, 'ring.asc'), made.app);
  const silent = new Lookups({ addresses: () => Promise.resolve([]), services: () => Promise.resolve([]) });
  world = {
    ...still,
    env: new Map([['HOME', '/root']]),
    lookups: silent,
    includes: new Includes(new Templates(), dir),
    keyring: await Keyring.open(join(dir, 'ring.asc')),
  };
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

test.each(examples.map((example) => [example.text, example] as const))('%s', async (_text, { text, gives }) => {
  const out = await renderWaiting(fromText(text), readerOf(store), world);
  if (gives !== null) expect(out).toBe(fromText(gives));
});

test('every function has its example', () => {
  const text = examples.map((example) => example.text).join('\n');
  const missing = [...declare(world.keyring).keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  expect(missing).toEqual([]);
});
