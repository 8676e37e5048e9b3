import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { apply, endOf } from '../../../src/agent/pipeline/apply.ts';
import type { Outcome } from '../../../src/agent/pipeline/outcome.ts';
import { type PassRecord, PassTracker } from '../../../src/agent/pipeline/pass-record.ts';
import type { ReloadDeps } from '../../../src/agent/pipeline/reload.ts';
import { MemoryLedger, type PendingReload } from '../../../src/agent/pipeline/reload-ledger.ts';
import type { Rendered } from '../../../src/agent/render/render-resource.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { commandOf, isRoot, md5, pendingLedger, renderingOf, resourceOf, scratch } from '../../helpers/pipeline.ts';

interface TestPass extends ReloadDeps {
  readonly render: () => Promise<Rendered>;
  readonly release: () => void;
  readonly signal: AbortSignal;
}

const renderedAs = (text: string): Rendered => ({ status: 'rendered', rendering: renderingOf(text) });
const failedBy = (error: Error): Rendered => ({ status: 'failed', error });

function passOf(text: string, more: Partial<TestPass> = {}): TestPass & { readonly log: ReturnType<typeof memoryLog> } {
  return {
    render: () => Promise.resolve(renderedAs(text)),
    ledger: new MemoryLedger(),
    release: () => undefined,
    signal: new AbortController().signal,
    clock: systemClock,
    ...more,
    log: memoryLog(),
  };
}

/** Renders and applies, as a pass does; its record. */
async function pass(resource: Resource, deps: TestPass): Promise<PassRecord> {
  const tracker = new PassTracker(resource, 'change', deps);
  const all = { ...deps, tracker };
  const outcome = await (async () => {
    try {
      tracker.enter('render');
      return await apply(await deps.render(), resource, all);
    } catch (error) {
      return endOf(error, resource, all);
    }
  })();
  return tracker.end(outcome, null);
}

const applied = async (resource: Resource, deps: TestPass): Promise<Outcome> => (await pass(resource, deps)).outcome;

const check = (text: string) => commandOf('check_cmd', text);
const reload = (text: string) => commandOf('reload_cmd', text);

describe('a failed pass names its step and leaves dest and folder as they were', () => {
  const rows: readonly (readonly [string, string, RegExp, Partial<TestPass>, Partial<Resource>])[] = [
    [
      'the template',
      'render',
      /^template: r\.tmpl:1: no$/,
      { render: () => Promise.resolve(failedBy(new TemplateError('template: r.tmpl:1: no'))) },
      {},
    ],
    ['check_cmd', 'check', /^Config check failed: exit status 3$/, {}, { check: check('exit 3') }],
    ['check_cmd, with a reload_cmd', 'check', /3$/, {}, { check: check('exit 3'), reload: reload('true') }],
  ];
  test.each(rows)('%s', async (_name, step, message, more, parts) => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'old');
    const outcome = await applied(resourceOf(dest, parts), passOf('new', more));
    expect(outcome).toMatchObject({ status: 'failed', step, pending: false });
    const ledger = pendingLedger(resourceOf(dest, parts));
    const again = await applied(resourceOf(dest, parts), passOf('new', { ...more, ledger }));
    expect(again).toMatchObject({ status: 'failed', step, pending: parts.reload !== undefined });
    expect((outcome as { message: string }).message).toMatch(message);
    expect(readFileSync(dest, 'utf8')).toBe('old');
    expect(readdirSync(folder.path)).toEqual(['out']);
  });

  test.each([
    ['sub', 'its directory @/sub does not exist'],
    ['file', '@/file is not a directory'],
  ])('%s in the place of the directory of dest', async (name, fact) => {
    using folder = scratch();
    writeFileSync(join(folder.path, 'file'), '');
    const dest = join(folder.path, name, 'out');
    const pass = passOf('new');
    const outcome = await applied(resourceOf(dest), pass);
    expect(outcome).toMatchObject({ status: 'failed', step: 'stage', pending: false });
    expect((outcome as { message: string }).message).toBe(`dest ${dest}: ${fact.replace('@', folder.path)}`);
    expect(pass.log.lines.filter((line) => line.startsWith('ERROR'))).toEqual([]);
  });

  test('dest is a directory', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    mkdirSync(dest);
    const outcome = await applied(resourceOf(dest), passOf('new'));
    expect(outcome).toMatchObject({ status: 'failed', step: 'compare', pending: false });
    expect((outcome as { message: string }).message).toBe(`dest ${dest} is a directory, and not a file`);
    expect(readdirSync(folder.path)).toEqual(['out']);
  });

  (isRoot ? test.skip : test)('an owner that only root can give', async () => {
    using folder = scratch();
    const outcome = await applied(resourceOf(join(folder.path, 'out'), { uid: 0 }), passOf('new'));
    expect(outcome).toMatchObject({ status: 'failed', step: 'stage' });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('a bug is told without what V8 says of it, and leaves no stage file', async () => {
    using folder = scratch();
    const text = () => {
      throw new TypeError('cannot convert secret');
    };
    const resource = resourceOf(join(folder.path, 'out'), { check: { key: 'check_cmd', text, timeoutMs: null } });
    const outcome = await applied(resource, passOf('new'));
    expect(outcome).toMatchObject({ status: 'failed', step: 'check', isBug: true, hints: [], pending: false });
    const { message } = outcome as { message: string };
    expect(message).toMatch(/^Internal error while processing \/conf\.d\/r\.toml, please report it: TypeError\n\s+at /);
    expect(message).not.toContain('secret');
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('too few keys', () => {
  const kept = { render: () => Promise.resolve<Rendered>({ status: 'kept', reason: { kept: 'why' } }) };

  test('dest stays as it is, and no command runs', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'old');
    const fails = { check: check('exit 1'), reload: reload('exit 1') };
    expect(await applied(resourceOf(dest, fails), passOf('', kept))).toEqual({ status: 'kept', message: 'why' });
    expect(readFileSync(dest, 'utf8')).toBe('old');
    expect(readdirSync(folder.path)).toEqual(['out']);
  });

  test('the reload that is pending for dest is made all the same, but not in noop mode', async () => {
    using folder = scratch();
    const ran = join(folder.path, 'ran');
    const resource = resourceOf(join(folder.path, 'out'), { reload: reload(`echo run >>${ran}; test -e ${ran}2`) });
    const pending = { ...kept, ledger: pendingLedger(resource) };
    expect(await applied({ ...resource, noop: true }, passOf('', pending))).toMatchObject({ status: 'kept' });
    expect(existsSync(ran)).toBe(false);
    expect(await applied(resource, passOf('', pending))).toMatchObject({
      status: 'failed',
      step: 'reload',
      pending: true,
    });
    writeFileSync(`${ran}2`, '');
    expect(await applied(resource, passOf('', pending))).toMatchObject({ status: 'kept' });
    expect(readFileSync(ran, 'utf8')).toBe('run\nrun\n');
  });
});

describe('a reload that fails', () => {
  test('is pending, made in sync, and then forgotten', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const ok = join(folder.path, 'ok');
    const ledger = new MemoryLedger();
    const resource = resourceOf(dest, { reload: reload(`echo run >>${ok}.log; test -e ${ok}`) });
    const failed = { status: 'failed', step: 'reload', pending: true };
    expect(await applied(resource, passOf('new', { ledger }))).toMatchObject(failed);
    expect(readFileSync(dest, 'utf8')).toBe('new');
    expect(await ledger.find(dest)).toMatchObject({ dest, resource: '/conf.d/r.toml', md5: md5('new'), stops: 0 });
    expect(await applied(resource, passOf('new', { ledger }))).toMatchObject(failed);
    writeFileSync(ok, '');
    const pass = passOf('new', { ledger });
    expect(await applied(resource, pass)).toEqual({ status: 'unchanged', reloaded: true });
    expect(pass.log.lines).toContain(
      `INFO Target config ${dest} in sync, but its last reload failed or was cut short: running it again`,
    );
    expect(await applied(resource, passOf('new', { ledger }))).toEqual({ status: 'unchanged', reloaded: false });
    expect(readFileSync(`${ok}.log`, 'utf8')).toBe('run\nrun\nrun\n');
  });

  test('is made by the next update, once', async () => {
    using folder = scratch();
    const ran = join(folder.path, 'ran');
    const resource = resourceOf(join(folder.path, 'out'), { reload: reload(`echo run >>${ran}`) });
    const ledger = pendingLedger(resource);
    expect(await applied(resource, passOf('new', { ledger }))).toEqual({ status: 'updated', reloaded: true });
    expect(await ledger.find(resource.dest)).toBeNull();
    expect(readFileSync(ran, 'utf8')).toBe('run\n');
  });

  test('is dropped, and said, when there is no command any more', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0o644 });
    const ledger = pendingLedger(resourceOf(dest));
    const pass = passOf('new', { ledger });
    expect(await applied(resourceOf(dest), pass)).toEqual({ status: 'unchanged', reloaded: false });
    expect(pass.log.lines.at(-1)).toBe(
      `INFO The pending reload of ${dest} is dropped: its resource no longer has a reload_cmd (/conf.d/r.toml)`,
    );
    expect(await ledger.find(dest)).toBeNull();
  });

  test('stays pending in a run that makes none (sync-only), and in one that is stopping', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0o644 });
    const resource = resourceOf(dest, { reload: reload(`touch ${dest}.reloaded`) });
    const ledger = pendingLedger(resource);
    expect(await applied({ ...resource, reload: null }, passOf('new', { ledger }))).toMatchObject({ reloaded: false });
    const stop = new AbortController();
    const render = () => {
      setImmediate(() => {
        stop.abort();
      });
      return new Promise<Rendered>((resolve) =>
        setImmediate(() => {
          resolve(renderedAs('new'));
        }),
      );
    };
    const stopped = await applied(resource, passOf('new', { ledger, render, signal: stop.signal }));
    expect(stopped).toEqual({ status: 'stopped' });
    expect(await ledger.find(dest)).not.toBeNull();
    expect(existsSync(`${dest}.reloaded`)).toBe(false);
  });
});

describe('the ledger', () => {
  test('knows of the reload before dest is replaced, and nothing when the swap fails', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const seen: string[] = [];
    const ledger = new MemoryLedger();
    const watching = {
      isDurable: false,
      find: (of: string) => ledger.find(of),
      put: (entry: PendingReload) => {
        seen.push(`put, ${existsSync(dest) ? 'after' : 'before'} the swap`);
        return ledger.put(entry);
      },
      clear: (of: string) => {
        seen.push(`clear, ${existsSync(`${dest}.reloaded`) ? 'after' : 'before'} the reload`);
        return ledger.clear(of);
      },
    };
    const resource = resourceOf(dest, { reload: reload(`touch ${dest}.reloaded`) });
    await applied(resource, passOf('new', { ledger: watching }));
    expect(seen).toEqual(['put, before the swap', 'clear, after the reload']);
    await applied(resource, passOf('new', { ledger: watching }));
    expect(seen).toHaveLength(2);

    // Somebody puts a directory in the way between the comparison and the swap.
    const inTheWay = (known: MemoryLedger) => ({
      ...{ isDurable: false, find: known.find.bind(known), clear: known.clear.bind(known) },
      put: (entry: PendingReload) => {
        mkdirSync(entry.dest);
        return known.put(entry);
      },
    });
    const blocked = (name: string) => resourceOf(join(folder.path, name), { reload: reload('true') });
    const untouched = inTheWay(new MemoryLedger());
    const failed = { status: 'failed', step: 'swap' };
    expect(await applied(blocked('a'), passOf('new', { ledger: untouched }))).toMatchObject({
      ...failed,
      pending: false,
    });
    const before = inTheWay(pendingLedger(blocked('b')));
    expect(await applied(blocked('b'), passOf('new', { ledger: before }))).toMatchObject({ ...failed, pending: true });
  });
});

describe('an update', () => {
  test('says what confd says, in its order', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'old');
    chmodSync(dest, 0o600);
    const resource = resourceOf(dest, { check: check('cat $src'), reload: reload('cat $dest $src') });
    const pass = passOf('new\n');
    expect(await applied(resource, pass)).toEqual({ status: 'updated', reloaded: true });
    expect(pass.log.lines.map((line) => line.replace(/\.out\.confd\S+/, '.STAGE'))).toEqual([
      `DEBUG Comparing candidate config to ${dest}`,
      `INFO ${dest} has mode -rw------- should be -rw-r--r--`,
      `INFO ${dest} has md5sum ${md5('old')} should be ${md5('new\n')}`,
      `INFO Target config ${dest} out of sync`,
      `DEBUG Running cat ${folder.path}/.STAGE`,
      'DEBUG "new\\n"',
      `DEBUG Overwriting target config ${dest}`,
      `DEBUG Running cat ${dest} ${dest}`,
      'DEBUG "new\\nnew\\n"',
    ]);
    expect(readdirSync(folder.path)).toEqual(['out']);
  });

  test('without commands', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    expect(await applied(resourceOf(dest), passOf(''))).toEqual({ status: 'updated', reloaded: false });
    expect(readFileSync(dest, 'utf8')).toBe('');
  });

  test('keeps the mode that dest has when none is asked for', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'old');
    chmodSync(dest, 0o604);
    await applied(resourceOf(dest, { mode: null }), passOf('new'));
    expect(statSync(dest).mode & 0o7777).toBe(0o604);
  });

  test('of a dest that cannot be looked at', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    symlinkSync(dest, dest);
    const pass = passOf('new');
    expect(await applied(resourceOf(dest), pass)).toMatchObject({ status: 'updated' });
    expect(pass.log.lines).toContain(`ERROR open ${dest}: too many levels of symbolic links`);
    expect(readFileSync(dest, 'utf8')).toBe('new');
  });

  test('with the stage file kept: it is there, and dest is a file of its own', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const pass = passOf('new');
    await applied(resourceOf(dest, { keepStageFile: true, reload: reload('cat $src') }), pass);
    const [kept, ...more] = readdirSync(folder.path).filter((name) => name !== 'out');
    expect(more).toEqual([]);
    expect(pass.log.lines[0]).toBe(`INFO Keeping staged file: ${folder.path}/${kept!}`);
    expect(readFileSync(join(folder.path, kept!), 'utf8')).toBe('new');
    expect(statSync(dest).nlink).toBe(1);
  });
});

describe('nothing to do', () => {
  test('in sync: the folder is not touched, and neither command runs', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0o644 });
    utimesSync(folder.path, 1, 1);
    const pass = passOf('new');
    const resource = resourceOf(dest, { check: check('exit 1'), reload: reload('exit 1') });
    expect(await applied(resource, pass)).toEqual({ status: 'unchanged', reloaded: false });
    expect(statSync(folder.path).mtimeMs).toBe(1000);
    expect(pass.log.lines).toEqual([`DEBUG Comparing candidate config to ${dest}`]);
  });

  test('noop: what differs is told and nothing is done', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'old', { mode: 0o644 });
    utimesSync(folder.path, 1, 1);
    const resource = resourceOf(dest, { noop: true, reload: reload('exit 1') });
    const pass = passOf('new', { ledger: pendingLedger(resource) });
    const outcome = await applied(resource, pass);
    expect(outcome).toEqual({ status: 'noop', changed: true });
    expect(statSync(folder.path).mtimeMs).toBe(1000);
    expect(pass.log.lines.slice(1)).toEqual([
      `INFO ${dest} has md5sum ${md5('old')} should be ${md5('new')}`,
      `INFO ${dest} would change: content from 3 bytes to 3 bytes (1 line added, 1 removed); reload_cmd would run`,
    ]);
  });

  test('in sync or noop with the stage file kept: it is written', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0o644 });
    await applied(resourceOf(dest, { keepStageFile: true }), passOf('new'));
    expect(readdirSync(folder.path)).toHaveLength(2);
    await applied(resourceOf(dest, { keepStageFile: true, noop: true }), passOf('new'));
    expect(readdirSync(folder.path)).toHaveLength(3);
  });
});

test('the slot is given back before a command runs, and not while there is work', async () => {
  using folder = scratch();
  const dest = join(folder.path, 'out');
  const seen: string[] = [];
  const release = () => void seen.push(existsSync(dest) ? 'with dest' : 'before dest');
  await applied(
    resourceOf(dest),
    passOf('', { release, render: () => Promise.resolve(failedBy(new TemplateError('no'))) }),
  );
  expect(seen).toEqual([]);
  await applied(resourceOf(dest, { reload: reload('true') }), passOf('new', { release }));
  expect(seen).toEqual(['before dest', 'with dest']);
});

describe('the record', () => {
  const all = ['render', 'compare', 'stage', 'check', 'swap', 'reload'];
  const commands = { check: check('true'), reload: reload('true') };
  const rows: readonly (readonly [string, Partial<TestPass>, Partial<Resource>, readonly string[]])[] = [
    [
      'a template that fails',
      { render: () => Promise.resolve(failedBy(new TemplateError('no'))) },
      commands,
      ['render'],
    ],
    [
      'too few keys',
      { render: () => Promise.resolve<Rendered>({ status: 'kept', reason: { kept: 'why' } }) },
      commands,
      ['render'],
    ],
    ['a check that fails', {}, { ...commands, check: check('exit 1') }, all.slice(0, 4)],
    ['a reload that fails', {}, { ...commands, reload: reload('exit 1') }, all],
    ['noop', {}, { ...commands, noop: true }, all.slice(0, 3)],
    ['an update', {}, commands, all],
    ['an update without reload_cmd', {}, {}, all.slice(0, 5)],
    ['stopping', { signal: AbortSignal.abort() }, commands, []],
  ];
  test.each(rows)('has the steps of %s', async (_name, more, parts, steps) => {
    using folder = scratch();
    const record = await pass(resourceOf(join(folder.path, 'out'), parts), passOf('new', more));
    expect(record.steps.map(({ step }) => step)).toEqual(steps);
    expect(record.comparison === null).toBe(!steps.includes('compare'));
  });

  test('tells a reload that was retried', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    writeFileSync(dest, 'new', { mode: 0o644 });
    const resource = resourceOf(dest, { reload: reload('true') });
    const stepsOf = async (deps: TestPass) => (await pass(resource, deps)).steps.map(({ step }) => step);
    expect(await stepsOf(passOf('new'))).toEqual(['render', 'compare', 'stage']);
    expect(await stepsOf(passOf('new', { ledger: pendingLedger(resource) }))).toEqual([...all.slice(0, 3), 'reload']);
  });

  test('says what was there and what was wanted', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const resource = resourceOf(dest, { mode: 0o640 });
    const { uid, gid } = resource;
    const wanted = { md5: md5('new'), mode: 0o640, uid, gid };
    expect((await pass(resource, passOf('new'))).comparison).toEqual({ found: null, wanted, changed: true });
    expect((await pass(resource, passOf('new'))).comparison).toEqual({ found: wanted, wanted, changed: false });
    chmodSync(dest, 0o4600);
    const found = { ...wanted, mode: 0o4600 };
    expect((await pass(resource, passOf('new'))).comparison).toEqual({ found, wanted, changed: true });
  });
});

describe('stopping', () => {
  test('before the pass', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    expect(await applied(resourceOf(dest), passOf('new', { signal: AbortSignal.abort() }))).toEqual({
      status: 'stopped',
    });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('during check_cmd: it ends, and dest stays', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const stop = new AbortController();
    const text = () => {
      stop.abort();
      return `sleep 0.1; touch ${dest}.checked`;
    };
    const resource = resourceOf(dest, { check: { key: 'check_cmd', text, timeoutMs: null } });
    expect(await applied(resource, passOf('new', { signal: stop.signal }))).toEqual({ status: 'stopped' });
    expect(readdirSync(folder.path)).toEqual(['out.checked']);
  });

  test('during the swap: the reload is made', async () => {
    using folder = scratch();
    const dest = join(folder.path, 'out');
    const stop = new AbortController();
    const pass = passOf('new', { signal: stop.signal });
    const debug = (message: string) => {
      if (message.startsWith('Overwriting')) stop.abort();
    };
    const log = { ...pass.log, debug };
    const resource = resourceOf(dest, { reload: reload(`touch ${dest}.reloaded`) });
    expect(await applied(resource, { ...pass, log })).toEqual({ status: 'updated', reloaded: true });
    expect(existsSync(`${dest}.reloaded`)).toBe(true);
  });
});
