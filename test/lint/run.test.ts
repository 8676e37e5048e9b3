import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { runLint } from '../../src/lint/run.ts';
import { makeTree, resource } from './tree.ts';

const form = { format: 'text', hasColours: false, isStrict: false, version: '1', folder: '/' } as const;
const request = (folder: string) => ({ folder, flags: new Map(), env: new Map() });

test('nothing there', async () => {
  expect(await runLint(request(`${tmpdir()}/none-of-that-name`), form)).toEqual({
    refused: `stat ${tmpdir()}/none-of-that-name: no such file or directory`,
    exitCode: 2,
  });
});

test.each([
  ['an error', resource('', '{{'), {}, 1],
  ['a warning', resource('mode = "644"'), {}, 0],
  ['a warning, strictly', resource('mode = "644"'), { isStrict: true }, 1],
  ['a note, strictly', { ...resource(), 'templates/b.tmpl': '' }, { isStrict: true }, 0],
] as const)('%s', async (_what, tree, more, exitCode) => {
  expect(await runLint(request(makeTree(tree)), { ...form, ...more })).toMatchObject({ exitCode });
});

test.each(['json', 'sarif'] as const)('%s', async (format) => {
  const result = await runLint(request(makeTree(resource())), { ...form, format });
  expect(JSON.parse('report' in result ? result.report : '')).toMatchObject({
    version: format === 'json' ? 1 : '2.1.0',
  });
});
