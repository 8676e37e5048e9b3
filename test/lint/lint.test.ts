import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lint, LintError } from '../../src/lint/lint.ts';
import { rules } from '../../src/lint/rules.ts';
import { services } from '../../src/services/services.ts';
import { commandsRows } from './rows/commands.ts';
import { configRows } from './rows/config.ts';
import { destsRows } from './rows/dests.ts';
import { templatesRows } from './rows/templates.ts';
import { a, head, problemsOf, resource } from './tree.ts';

const rows = { ...configRows, ...destsRows, ...templatesRows, ...commandsRows };

/** Folders of this machine that a row names may be there or not. */
const ofMachine = ['dest-parent-missing', 'dest-no-permission', 'dest-read-only'];

describe.each(Object.entries(rows))('%s', (code, cases) => {
  test.each(cases)('%s', async (_what, tree, expected, flags = {}) => {
    const { places } = await problemsOf(tree, flags);
    const isOwn = (place: string) =>
      code === 'dest-parent-missing' || !ofMachine.some((other) => place.endsWith(` ${other}`));
    expect(places.filter(isOwn).sort()).toEqual([...expected].sort());
  });

  test('has a hit and a near miss', () => {
    expect(cases.some(([, , problems]) => problems.some((problem) => problem.endsWith(` ${code}`)))).toBe(true);
    expect(cases.some(([, , problems]) => !problems.some((problem) => problem.endsWith(` ${code}`)))).toBe(true);
  });
});

test('every code has rows, here or where the machine has to be a certain one', () => {
  const elsewhere = ['exposed-secret', 'unreadable-folder', 'dest-read-only', 'dest-no-permission', 'dest-is-mount'];
  expect([...Object.keys(rows), ...elsewhere].sort()).toEqual(Object.keys(rules).sort());
});

test('a message names what is wrong and what was meant', async () => {
  const { messages } = await problemsOf({
    ...resource('mode = "644"', '{{getvv "/a"}}\n{{$hots}}{{$host := "h"}}{{getv "/x"}}'),
  });
  expect(messages).toEqual([
    'mode "644" is a decimal number and gives the mode 0204; write "0644" if that is what you mean',
    'function "getvv" not defined; did you mean "getv"?',
    'undefined variable "$hots"; did you mean "$host"?',
    'getv "/x": keys = ["/app"] of $ROOT/conf.d/a.toml do not select it',
  ]);
});

test('a template of two resources is looked at for each', async () => {
  const both = {
    ...resource('', '{{getv "/x"}}'),
    'conf.d/b.toml': '[template]\nsrc = "a.tmpl"\ndest = "$ROOT/out/b"\nkeys = ["/x"]',
  };
  expect((await problemsOf(both)).places).toEqual(['templates/a.tmpl:1:8 key-outside-keys']);
});

test('a confdir that is not there, or is a file', async () => {
  const root = mkdtempSync(join(tmpdir(), 'confd-lint-'));
  const request = { flags: new Map(), env: new Map() };
  await expect(lint({ ...request, folder: join(root, 'none') })).rejects.toThrow(LintError);
  await expect(lint({ ...request, folder: import.meta.filename })).rejects.toThrow('is not a directory');
});

describe('no problem', () => {
  const dest = '$ROOT/out/whole.conf';
  test.each(services.flatMap(({ name, check, reload }) => [[name, check ?? '', reload ?? ''] as const]))(
    'the commands of %s',
    async (_name, checkCmd, reloadCmd) => {
      const text = `${head.replace('$ROOT/out/a', dest)}check_cmd = \'\'\'${checkCmd}\'\'\'\nreload_cmd = \'\'\'${reloadCmd}\'\'\'\n`;
      expect((await problemsOf(a(text))).messages).toEqual([]);
    },
  );

  test('but a note: the first resource of the README', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [, toml] = /```toml\n(\[template\][^]*?)```/.exec(readme)!;
    const [, template] = /```\n(upstream [^]*?)```/.exec(readme)!;
    const { places } = await problemsOf({ 'conf.d/nginx.toml': toml!, 'templates/nginx.tmpl': template! });
    // In a boot script nginx does not run yet.
    expect(places.filter((place) => !place.endsWith(' dest-parent-missing'))).toEqual([
      'conf.d/nginx.toml:12:1 reload-when-stopped',
    ]);
  });
});

test('the confdir of this repository has no problem', async () => {
  const folder = join(import.meta.dirname, '../..');
  const { problems, resources, templates } = await lint({ folder, flags: new Map(), env: new Map() });
  expect({ problems, resources, templates }).toEqual({ problems: [], resources: 1, templates: 1 });
});
