import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config/error.ts';
import { selectResources } from '../../src/config/select-resources.ts';
import { Confdir } from '../helpers/confd.ts';

const dir = new Confdir();
for (const name of ['conf.d/app.toml', 'conf.d/nginx.toml', 'conf.d/a/same.toml', 'conf.d/b/same.toml', 'other.toml'])
  dir.write(name, '[template]\n');
const select = (...words: string[]) => selectResources(dir.root, null, words);

describe('words that name no resource, or several', () => {
  test.each([
    ['nope', /^there is no resource "nope" in \S+\/conf\.d, and no such file$/],
    ['nginx.tmol', /; did you mean "nginx\.toml"\?$/],
    ['nginy', /; did you mean "nginx"\?$/],
    ['same', /^"same" is the name of \S+\/a\/same\.toml and of \S+\/b\/same\.toml: give the path$/],
    ['', /^there is no resource ""/],
    ['a', /^there is no resource "a"/],
    [dir.root, /^there is no resource/],
    [dir.path('conf.d/gone.toml'), /^there is no resource/],
  ])('%j', async (word, message) => {
    const error = await select(word).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(message);
  });
});

test.each<[string[], string[]]>([
  [[], ['conf.d/a/same.toml', 'conf.d/app.toml', 'conf.d/b/same.toml', 'conf.d/nginx.toml']],
  [['nginx'], ['conf.d/nginx.toml']],
  [
    ['nginx.toml', 'app', 'nginx'],
    ['conf.d/nginx.toml', 'conf.d/app.toml'],
  ],
  [['b/same'], ['conf.d/b/same.toml']],
  [[join(dir.root, 'conf.d/../conf.d/app.toml')], ['conf.d/app.toml']],
  [[dir.path('other.toml')], ['other.toml']],
])('%j', async (words, files) => {
  expect((await select(...words)).files).toEqual(files.map((file) => dir.path(file)));
});

test('the resource in -config-file is one of them', async () => {
  const extra = dir.path('other.toml');
  expect((await selectResources(dir.root, extra, [])).files).toContain(extra);
  expect((await selectResources(dir.root, extra, ['other'])).files).toEqual([extra]);
});
