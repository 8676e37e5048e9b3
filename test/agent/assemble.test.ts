import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AgentSettings, assembleAgent } from '../../src/agent/assemble.ts';
import type { PassRecord } from '../../src/agent/pipeline/pass-record.ts';
import { onetime, watch } from '../../src/agent/schedule/processors.ts';
import { defaultRenderLimits } from '../../src/agent/render/render.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { Confdir, waitFor } from '../helpers/confd.ts';
import { FakeBackend } from '../helpers/fake-backend.ts';
import { memoryLog } from '../helpers/memory-log.ts';

// The agent on a store in memory, with real templates, files and commands.

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort(new Error('test over'));
});

function assembled(dir: Confdir, backend: FakeBackend, more: Partial<AgentSettings> = {}) {
  const log = memoryLog();
  const stop = new AbortController();
  stops.push(stop);
  const settings: AgentSettings = {
    confdir: dir.root,
    resourceFile: null,
    prefix: '',
    noop: false,
    syncOnly: false,
    keepStageFile: false,
    env: new Map(),
    ...more,
  };
  const agent = assembleAgent(backend, settings, { clock: systemClock, log, signal: stop.signal });
  const follow = () =>
    watch(agent, { clock: systemClock, intervalMs: 600_000, debounceMs: 1, splayMs: 0 }, stop.signal);
  return { agent, log, stop, follow };
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const says = (path: string, text: string) => waitFor(`${path} to say ${text}`, () => content(path) === text);

describe('what a render used decides what is rendered again', () => {
  const rows: readonly (readonly [string, string, readonly [string, string | null], boolean])[] = [
    ['another key', '{{getv "/a"}}', ['/b', '2'], false],
    ['the key', '{{getv "/a"}}', ['/a', '2'], true],
    ['a key that was missing', '{{if exists "/b"}}yes{{end}}', ['/b', '2'], true],
    ['a key that its pattern takes in', '{{gets "/dir/*"}}', ['/dir/new', 'x'], true],
    ['a key below what its pattern takes in', '{{gets "/dir/*"}}', ['/dir/sub/new', 'x'], false],
    ['a new value of a listed key', '{{ls "/dir"}}', ['/dir/one', 'x'], false],
    ['a new name in a listing', '{{ls "/dir"}}', ['/dir/two', 'x'], true],
    ['a directory that goes', '{{ls "/dir"}}', ['/dir', null], true],
  ];
  test.each(rows)('%s', async (_name, template, [key, value], due) => {
    const dir = new Confdir();
    const dest = dir.resource('x', template, ['/']);
    const marker = dir.resource('marker', '{{getv "/marker" "none"}}', ['/marker']);
    const backend = new FakeBackend();
    backend.put('/a', '1');
    backend.put('/dir/one', '1');
    const { log, follow } = assembled(dir, backend);
    void follow();
    await says(marker, 'none');
    await waitFor('the first pass', () => log.lines.includes(`INFO Target config ${dest} has been updated`));
    const renders = () =>
      log.lines.filter((line) => line === `DEBUG Using source template ${dir.path('templates/x.tmpl')}`);
    const before = renders().length;
    backend.put(key, value);
    await new Promise((resolve) => setTimeout(resolve, 30));
    backend.put('/marker', 'done');
    await says(marker, 'done');
    // The two resources are rendered in no order that is promised.
    if (due) await waitFor('a render', () => renders().length > before);
    else expect(renders()).toHaveLength(before);
  });
});

test('a start is one pass of each resource', async () => {
  const dir = new Confdir();
  const backend = new FakeBackend();
  backend.put('/a', '1');
  const dests = [1, 2, 3].map((i) => dir.resource(`r${i}`, '{{getv "/a"}}', ['/a']));
  const { log, follow } = assembled(dir, backend);
  void follow();
  for (const dest of dests) await says(dest, '1');
  backend.put('/a', '2');
  for (const dest of dests) await says(dest, '2');
  expect(log.lines.filter((line) => line.startsWith('DEBUG Using source template'))).toHaveLength(6);
});

describe('a pass that fails', () => {
  test('is made again when the missing key comes', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', '{{getv "/late"}}', ['/late']);
    const backend = new FakeBackend();
    const { log, follow } = assembled(dir, backend);
    void follow();
    await waitFor('the error', () => log.lines.some((line) => line.includes('key does not exist: /late')));
    backend.put('/late', 'here');
    await says(dest, 'here');
  });

  test('of one resource leaves the others alone', async () => {
    const dir = new Confdir();
    dir.resource('a', '{{getv "/nokey"}}', ['/']);
    const dest = dir.resource('b', 'fine', []);
    const { agent, stop } = assembled(dir, new FakeBackend());
    const failures = await onetime(agent, stop.signal);
    expect(failures).toHaveLength(1);
    expect(content(dest)).toBe('fine');
  });

  test('a debt stays with its dest when the resource is edited', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'new', [], 'reload_cmd = "exit 1"');
    const { agent, log, follow } = assembled(dir, new FakeBackend());
    void follow();
    await waitFor('the failed reload', () => log.lines.includes('ERROR exit status 1'));
    dir.resource('x', 'new', [], `reload_cmd = "echo made >> ${dir.path('reloads')}"`);
    agent.wakeSignal.notify('edit');
    await says(dir.path('reloads'), 'made\n');
    expect(content(dest)).toBe('new');
  });
});

describe('too few keys', () => {
  const few = (log: { readonly lines: readonly string[] }) => log.lines.filter((line) => line.includes('not updated'));

  test.each([
    ['min_keys = 2', ['/k/1'], '1 key found for it, but min_keys is 2'],
    ['allow_empty = false', [], 'no keys found for it, but allow_empty is false'],
  ])('onetime fails with %s', async (more, keys, fact) => {
    const dir = new Confdir();
    const dest = dir.resource('x', '{{getv "/k/2"}}', ['/k'], more);
    const backend = new FakeBackend();
    for (const key of keys) backend.put(key, '1');
    const { agent, stop } = assembled(dir, backend);
    const [failure, ...others] = await onetime(agent, stop.signal);
    expect(failure).toBe(`Target config ${dest} not updated: ${fact} (${dir.path('conf.d/x.toml')})`);
    expect(others).toEqual([]);
    expect(content(dest)).toBeUndefined();
  });

  test('watch keeps the file, says so once, and goes on with any key that makes enough', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', '{{range gets "/used/*"}}{{.Value}}{{end}}', ['/used', '/other'], 'min_keys = 3');
    const backend = new FakeBackend();
    for (const key of ['/used/1', '/used/2', '/used/3']) backend.put(key, '1');
    const { log, follow } = assembled(dir, backend);
    void follow();
    await says(dest, '111');
    backend.put('/used/3', null);
    await waitFor('the warning', () => few(log).length === 1);
    backend.put('/used/2', '2');
    await waitFor('another pass', () => log.lines.filter((line) => line.startsWith('DEBUG Using')).length >= 3);
    expect(content(dest)).toBe('111');
    expect(few(log)).toEqual([expect.stringMatching(/^WARNING Target config .* 2 keys found for it/)]);
    backend.put('/other/1', '1');
    await says(dest, '12');
  });

  test('a template that does not parse is said to be at fault all the same', async () => {
    const dir = new Confdir();
    dir.resource('x', '{{', ['/k'], 'allow_empty = false');
    const { agent, stop } = assembled(dir, new FakeBackend());
    expect(await onetime(agent, stop.signal)).toEqual([expect.stringContaining('x.tmpl:1: unclosed action')]);
  });
});

test('stage files of dead runs are removed at start, and those of others are not', async () => {
  const dir = new Confdir();
  const dest = dir.resource('x', 'new', []);
  const foreign = dir.path('.x1234567');
  writeFileSync(foreign, 'not ours');
  const { agent, stop } = assembled(dir, new FakeBackend());
  await onetime(agent, stop.signal);
  expect(readdirSync(dir.root).sort()).toEqual(['.x1234567', 'conf.d', 'templates', 'x']);
  expect(content(dest)).toBe('new');
});

test('resources with the same view share it, and each file is right', async () => {
  const dir = new Confdir();
  const dests = Array.from({ length: 30 }, (_, i) =>
    dir.resource(`r${i}`, `${i}:{{range getvs "/k/*"}}{{.}},{{end}}`, ['/k']),
  );
  const backend = new FakeBackend();
  for (let i = 0; i < 100; i++) backend.put(`/k/${i}`, String(i % 7));
  const { follow } = assembled(dir, backend);
  void follow();
  const values = Array.from({ length: 100 }, (_, i) => String(i % 7));
  const expected = (i: number) => `${i}:${values.slice().sort().join(',')},`;
  for (const [i, dest] of dests.entries()) await says(dest, expected(i));
  backend.put('/k/50', '9');
  values[50] = '9';
  for (const [i, dest] of dests.entries()) await says(dest, expected(i));
});

describe('included files', () => {
  test('an edit of one renders again what includes it, and nothing else', async () => {
    const dir = new Confdir();
    const dest = dir.resource('x', '{{include "parts/head" "x"}}', []);
    dir.write('templates/parts/head', '1 {{.}}');
    dir.resource('other', 'o', []);
    const { agent, log, follow } = assembled(dir, new FakeBackend());
    void follow();
    await says(dest, '1 x');
    await waitFor('the other', () => content(dir.path('other')) === 'o');
    const passes = (name: string) => log.lines.filter((line) => line.endsWith(`templates/${name}.tmpl`)).length;
    const before = passes('other');
    dir.write('templates/parts/head', '2 {{.}}');
    agent.wakeSignal.notify('edit');
    await says(dest, '2 x');
    expect(passes('other')).toBe(before);
  });
});

describe('a template that takes too much', () => {
  test.each([
    [
      'time',
      '{{range seq 1 10000000}}{{range seq 1 10000000}}{{end}}{{end}}',
      'ran for more than 20ms (-render-timeout)',
    ],
    [
      'time, for no output',
      '{{define "f"}}{{template "g"}}{{template "g"}}{{end}}{{define "g"}}{{range 99999999}}{{end}}{{end}}{{template "f"}}',
      'ran for more than 20ms (-render-timeout)',
    ],
    ['time in what it includes', '{{include "endless"}}', 'ran for more than 20ms (-render-timeout)'],
    ['space', '{{range seq 1 10000}}0123456789{{end}}', "'s output is larger than 1000 bytes (-max-output)"],
    [
      'memory',
      '{{$s := "0123456789"}}{{range seq 1 40}}{{$s = printf "%s%s" $s $s}}{{end}}',
      'creates a string of more than 512 MiB',
    ],
  ])('%s', async (_what, template, message) => {
    const dir = new Confdir();
    dir.resource('x', template, []);
    dir.write('templates/endless', '{{range 9999999999999}}{{end}}');
    const limits = message.includes('ran for')
      ? { ...defaultRenderLimits, runMs: 20 }
      : message.includes('MiB')
        ? defaultRenderLimits
        : { ...defaultRenderLimits, outputBytes: 1000 };
    const { agent, stop } = assembled(dir, new FakeBackend(), { limits });
    const [failure] = await onetime(agent, stop.signal);
    expect(failure).toContain(`${dir.path('templates/x.tmpl')}: the template`);
    expect(failure).toContain(message);
  });
});

describe('onPass', () => {
  test('hears of every pass when it has been logged: what woke it, its keys and how it ended', async () => {
    const dir = new Confdir();
    const backend = new FakeBackend();
    backend.put('/a', '1');
    backend.put('/b', '1');
    dir.resource('bad', '{{getv "/none"}}', ['/a']);
    const dest = dir.resource('x', '{{getv "/a"}}{{exists "/c"}}', ['/']);
    const records: PassRecord[] = [];
    const logged: number[] = [];
    const closing = (line: string) => /has been updated|in sync$|not updated/.test(line);
    const { log, follow } = assembled(dir, backend, {
      onPass: (record) => {
        records.push(record);
        logged.push(log.lines.filter(closing).length);
      },
    });
    void follow();
    await says(dest, '1false');
    await waitFor('two records', () => records.length >= 2);
    expect(logged.slice(0, 2)).toEqual([1, 2]);
    backend.put('/a', '2');
    await says(dest, '2false');
    const of = (name: string) => records.filter(({ file }) => file === dir.path(`conf.d/${name}.toml`));
    await waitFor('its record', () => of('x').length === 2);
    const keys = { seen: 2, used: 2 };
    expect(of('x')).toMatchObject([
      { dest, trigger: 'start', keys, comparison: { found: null }, outcome: { status: 'updated', reloaded: false } },
      { trigger: 'change', keys, comparison: { found: { md5: of('x')[0]!.comparison!.wanted.md5 } } },
    ]);
    expect(of('bad')[0]).toMatchObject({ trigger: 'start', comparison: null, outcome: { status: 'failed' } });
  });

  test('hears in onetime of a resource whose store cannot be read', async () => {
    const dir = new Confdir();
    dir.resource('a', 'fine', []);
    dir.resource('b', '{{getv "/b"}}', ['/b']);
    const backend = new FakeBackend();
    backend.setDown(true);
    const records: PassRecord[] = [];
    const { agent, log, stop } = assembled(dir, backend, { onPass: (record) => records.push(record) });
    await onetime(agent, stop.signal);
    const message = `Cannot process template resource ${dir.path('conf.d/b.toml')} - fake: down`;
    expect(records.map(({ outcome }) => outcome)).toMatchObject([{ status: 'updated' }, { step: 'read', message }]);
    expect(log.lines.at(-1)).toBe(`ERROR ${message}`);
  });

  const fails: readonly (readonly [string, () => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ];
  test.each(fails)('that %s is logged, and changes nothing', async (_name, onPass) => {
    const dir = new Confdir();
    const dest = dir.resource('x', 'fine', []);
    const { agent, log, stop } = assembled(dir, new FakeBackend(), { onPass });
    expect(await onetime(agent, stop.signal)).toEqual([]);
    expect(content(dest)).toBe('fine');
    expect(log.lines).toContain('ERROR onPass failed: no disk');
  });
});
