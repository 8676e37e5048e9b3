import { describe, expect, test } from '@jest/globals';
import { type ResourceSettings, resolveResource } from '../../src/agent/resource.ts';
import type { ResourceSpec } from '../../src/config/resources.ts';
import { globalSource } from '../../src/config/sources.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { specOf } from '../helpers/rooms.ts';

const settings: ResourceSettings = {
  templatesDir: '/etc/confd/templates',
  prefix: '',
  noop: false,
  syncOnly: false,
  keepStageFile: false,
  clock: systemClock,
};
const uid = process.geteuid!();
const gid = process.getegid!();

describe('what cannot be a resource says which file and why', () => {
  const rows: readonly (readonly [Partial<ResourceSpec>, string])[] = [
    [{ src: '' }, 'empty src template'],
    [{ dest: '' }, 'dest is not set'],
    [{ dest: '/etc/x/' }, 'dest "/etc/x/" is a directory, and not the name of a file'],
    [{ dest: '/etc/\0' }, 'dest holds a NUL byte'],
    [{ src: 'a\0' }, 'src holds a NUL byte'],
    [{ checkCmd: 'a\0' }, 'check_cmd holds a NUL byte'],
    [{ reloadCmd: 'a\0' }, 'reload_cmd holds a NUL byte'],
    [{ owner: 'nobody-of-that-name' }, 'owner "nobody-of-that-name": there is no such user'],
    [{ owner: "a'; touch /tmp/x; '" }, `owner "a'; touch /tmp/x; '": there is no such user`],
    [{ owner: '-é' }, 'owner "-é": there is no such user'],
    [{ group: 'nobody-of-that-name' }, 'group "nobody-of-that-name": there is no such group'],
    [{ uid: -2 }, "uid -2 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ gid: 4294967295 }, "gid 4294967295 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ owner: '4294967295' }, "owner 4294967295 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ checkCmd: 'x {{.src' }, 'check_cmd: template: checkcmd:1: unclosed action'],
    [{ reloadCmd: '{{getv "/x"}}' }, 'reload_cmd: template: reloadcmd:1: function "getv" not defined'],
  ];
  test.each(rows)('%j', async (parts, message) => {
    await expect(resolveResource(specOf('/d', parts), settings)).rejects.toMatchObject({
      name: 'AgentError',
      message: `Cannot process template resource /conf.d/r.toml - ${message}`,
    });
  });

  test('also when the command would not run', async () => {
    const resolving = resolveResource(specOf('/d', { checkCmd: '{{' }), { ...settings, syncOnly: true });
    await expect(resolving).rejects.toThrow('check_cmd: template: checkcmd:1: unclosed action');
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
    expect(resource.wants).toEqual([{ source: globalSource, prefix, keys: absolute }]);
  });

  test('each source has the keys below its own prefix, else below the one that all would have', async () => {
    const source = (label: string, prefix: string | null) => ({ store: null, label, prefix });
    const sources = [source('a', '/site'), source('b', null), source('c', '')];
    const spec = specOf('/d', { prefix: '/own', keys: ['/db', '../x'], sources });
    const prefixes = async (prefix: string) => (await resolveResource(spec, { ...settings, prefix })).wants;
    expect((await prefixes('')).map((want) => [want.prefix, ...want.keys])).toEqual([
      ['/site', '/site/db', '/x'],
      ['/own', '/own/db', '/x'],
      ['/', '/db', '/x'],
    ]);
    expect((await prefixes('/global')).map((want) => want.prefix)).toEqual(['/site', '/global', '/']);
  });

  test('without keys nothing is wanted of any of several sources', async () => {
    const sources = [globalSource, { ...globalSource, prefix: '/x' }];
    const { wants } = await resolveResource(specOf('/d', { sources }), settings);
    expect(wants).toEqual([{ source: globalSource, prefix: '/', keys: [] }]);
  });
});

describe('owner and mode', () => {
  const rows: readonly (readonly [Partial<ResourceSpec>, number, number, number | null])[] = [
    [{}, uid, gid, null],
    [{ uid: -1, gid: -1, owner: '', group: '' }, uid, gid, null],
    [{ owner: 'root', group: 'root' }, 0, 0, null],
    [{ owner: '1234', group: '5678' }, 1234, 5678, null],
    [{ owner: 'root', uid: 7 }, 7, gid, null],
    [{ uid: 0, gid: 12, mode: 0o600 }, 0, 12, 0o600],
    [{ mode: 0o4755 }, uid, gid, 0o755],
    [{ mode: 0 }, uid, gid, 0],
  ];
  test.each(rows)('%j', async (parts, wantUid, wantGid, mode) => {
    expect(await resolveResource(specOf('/d', parts), settings)).toMatchObject({ uid: wantUid, gid: wantGid, mode });
  });
});

describe('commands', () => {
  const files = { src: '/etc/.d é1', dest: '/etc/d' };
  test.each([
    ['nginx -t', 'nginx -t'],
    ['nginx -t -c {{.src}}', 'nginx -t -c /etc/.d é1'],
    ['cmp {{ .src }} {{.dest}} # é', 'cmp /etc/.d é1 /etc/d # é'],
    ['{{.other}}', '<no value>'],
    ['{{if eq .dest "/etc/d"}}yes{{else}}no{{end}} {{printf "%q" .dest}}', 'yes "/etc/d"'],
    ['awk {{"{{"}}', 'awk {{'],
  ])('%s', async (text, filled) => {
    const spec = specOf('/d', { checkCmd: text, reloadCmd: text, checkTimeoutMs: 5 });
    const { check, reload } = await resolveResource(spec, settings);
    expect([check?.text(files), reload?.text(files)]).toEqual([filled, filled]);
    expect([check?.key, check?.timeoutMs, reload?.key, reload?.timeoutMs]).toEqual([
      'check_cmd',
      5,
      'reload_cmd',
      null,
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
