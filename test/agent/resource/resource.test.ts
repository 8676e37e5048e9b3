import { describe, expect, test } from '@jest/globals';
import { type ResourceSettings, resolveResource } from '../../../src/agent/resource/resource.ts';
import type { ResourceSpec } from '../../../src/config/resources.ts';
import { globalSource } from '../../../src/config/sources.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { specOf } from '../../helpers/pipeline.ts';

const settings: ResourceSettings = {
  templatesDir: '/etc/confd/templates',
  prefix: '',
  noop: false,
  syncOnly: false,
  keepStageFile: false,
  clock: systemClock,
};

describe('what cannot be a resource says which file and why', () => {
  const rows: readonly (readonly [Partial<ResourceSpec>, string])[] = [
    [{ src: '' }, 'empty src template'],
    [{ dest: '' }, 'dest is not set'],
    [{ dest: '/etc/x/' }, 'dest "/etc/x/" is a directory, and not the name of a file'],
    [{ dest: '/etc/\0' }, 'dest holds a NUL byte'],
    [{ src: 'a\0' }, 'src holds a NUL byte'],
    [{ checkCmd: 'a\0' }, 'check_cmd holds a NUL byte'],
    [{ reloadCmd: 'a\0' }, 'reload_cmd holds a NUL byte'],
    [{ uid: -2 }, "uid -2 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ checkCmd: 'x {{.src' }, 'check_cmd: {{.src is not replaced by a path; did you mean {{.src}}?'],
  ];
  test.each(rows)('%j', async (parts, message) => {
    await expect(resolveResource(specOf('/d', parts), settings)).rejects.toMatchObject({
      name: 'AgentError',
      message: `Cannot process template resource /conf.d/r.toml - ${message}`,
    });
  });

  test('also when the command would not run', async () => {
    const resolving = resolveResource(specOf('/d', { checkCmd: '{{.scr}}' }), { ...settings, syncOnly: true });
    await expect(resolving).rejects.toThrow('check_cmd: {{.scr}} is not replaced by a path; did you mean {{.src}}?');
  });

  test('a dest that has no safe place in its commands', async () => {
    const resolving = resolveResource(specOf('/srv/a b', { reloadCmd: 'sh -c "cat {{.dest}}"' }), settings);
    await expect(resolving).rejects.toThrow(
      'Cannot process template resource /conf.d/r.toml - reload_cmd: a path with " " is not safe as {{.dest}} here',
    );
  });
});

describe('prefix and keys', () => {
  const rows: readonly (readonly [string, string, readonly string[], string, readonly string[]])[] = [
    ['', '', ['/'], '/', ['/']],
    ['', '/app', ['/', ''], '/app', ['/app', '/app']],
    ['', '', ['app', '/app/', '//a//b/./c'], '/', ['/app', '/app', '/a/b/c']],
    ['', 'app', ['db'], '/app', ['/app/db']],
    ['', '/app', ['../svc', '/../../svc'], '/app', ['/svc', '/svc']],
    ['', '/app/', ['k'], '/app/', ['/app/k']],
    ['', '/svc//app', ['k'], '/svc//app', ['/svc/app/k']],
    ['/global', '/app', ['k'], '/global', ['/global/k']],
    ['global', '/app', ['k'], '/global', ['/global/k']],
    ['/', '/app', ['k'], '/', ['/k']],
    ['', '/é', ['ü', '*', '__proto__'], '/\xc3\xa9', ['/\xc3\xa9/\xc3\xbc', '/\xc3\xa9/*', '/\xc3\xa9/__proto__']],
    ['', '/app', [], '/app', []],
  ];
  test.each(rows)('global %j, own %j, keys %j', async (global, own, keys, prefix, absolute) => {
    const spec = specOf('/d', { prefix: own, keys });
    const resource = await resolveResource(spec, { ...settings, prefix: global });
    expect(resource.keyRequests).toEqual([{ source: globalSource, prefix, keys: absolute }]);
  });

  test('each source has the keys below its own prefix, else below the one that all would have', async () => {
    const source = (label: string, prefix: string | null) => ({ store: null, label, prefix });
    const sources = [source('a', '/site'), source('b', null), source('c', '')];
    const spec = specOf('/d', { prefix: '/own', keys: ['/db', '../x'], sources });
    const prefixes = async (prefix: string) => (await resolveResource(spec, { ...settings, prefix })).keyRequests;
    expect((await prefixes('')).map((want) => [want.prefix, ...want.keys])).toEqual([
      ['/site', '/site/db', '/x'],
      ['/own', '/own/db', '/x'],
      ['/', '/db', '/x'],
    ]);
    expect((await prefixes('/global')).map((want) => want.prefix)).toEqual(['/site', '/global', '/']);
  });

  test('without keys nothing is wanted of any of several sources', async () => {
    const sources = [globalSource, { ...globalSource, prefix: '/x' }];
    const { keyRequests } = await resolveResource(specOf('/d', { sources }), settings);
    expect(keyRequests).toEqual([{ source: globalSource, prefix: '/', keys: [] }]);
  });
});

test.each([
  [null, null],
  [0, 0],
  [0o600, 0o600],
  [0o4755, 0o755],
])('mode %p', async (mode, expected) => {
  expect(await resolveResource(specOf('/d', { mode }), settings)).toMatchObject({ mode: expected });
});

describe('commands', () => {
  test('are read, and what is odd in them is told with the file', async () => {
    const spec = specOf('/d', { checkCmd: 'cat {{.src}}', reloadCmd: 'cat {{.scr}}', checkTimeoutMs: 5 });
    const { check, reload, warnings } = await resolveResource(spec, settings);
    const files = { src: '/s', dest: '/d' };
    expect([check?.text(files), reload?.text(files)]).toEqual(['cat /s', 'cat {{.scr}}']);
    expect([check?.key, check?.timeoutMs, reload?.key, reload?.timeoutMs]).toEqual([
      'check_cmd',
      5,
      'reload_cmd',
      null,
    ]);
    expect(warnings).toEqual([
      '/conf.d/r.toml: reload_cmd: {{.scr}} is passed to the shell unchanged; did you mean {{.src}}?',
    ]);
  });

  test.each([
    ['none', '', false],
    ['sync-only', 'true', true],
  ])('%s', async (_name, text, syncOnly) => {
    const spec = specOf('/d', { checkCmd: text, reloadCmd: text });
    expect(await resolveResource(spec, { ...settings, syncOnly })).toMatchObject({ check: null, reload: null });
  });
});

test('the rest', async () => {
  const spec = specOf('relative/out', { src: '/nginx/../a.tmpl' });
  const resource = await resolveResource(spec, { ...settings, noop: true, keepStageFile: true });
  expect(resource).toMatchObject({
    spec,
    file: '/conf.d/r.toml',
    template: '/etc/confd/templates/a.tmpl',
    dest: 'relative/out',
    noop: true,
    keepStageFile: true,
  });
  expect(Object.isFrozen(resource)).toBe(true);
});
