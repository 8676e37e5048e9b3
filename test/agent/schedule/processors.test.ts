import { describe, expect, test } from '@jest/globals';
import { Agent, type Renderer } from '../../../src/agent/schedule/agent.ts';
import type { Drifted } from '../../../src/agent/pipeline/drift.ts';
import type { PassRecord, Trigger } from '../../../src/agent/pipeline/pass-record.ts';
import { interval, onetime, watch } from '../../../src/agent/schedule/processors.ts';
import { MemoryLedger } from '../../../src/agent/pipeline/reload-ledger.ts';
import type { Resource } from '../../../src/agent/resource/resource.ts';
import { BackendError } from '../../../src/backend/contract/backend.ts';
import type { Source } from '../../../src/agent/source/source.ts';
import { globalSource, type SourceSpec } from '../../../src/config/sources.ts';
import type { StoreSettings } from '../../../src/config/store.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';
import { memoryLog } from '../../helpers/memory-log.ts';
import { failedCheck, recordOf } from '../../helpers/pipeline.ts';

/** An agent over fake stores; each resource "renders" the values of its one key into `files`. */
function agentOn(names: readonly string[]) {
  const backends = new Map<string, FakeBackend>();
  const backendOf = (store: string): FakeBackend => {
    if (!backends.has(store)) backends.set(store, new FakeBackend());
    return backends.get(store)!;
  };
  const backend = backendOf('');
  const opened: string[] = [];
  const clock = new FakeClock();
  const log = memoryLog();
  const rendered: string[] = [];
  const triggers: Trigger[] = [];
  const files = new Map<string, string | undefined>();
  const confd = {
    names: [...names],
    errors: [] as string[],
    slow: new Map<string, Promise<void>>(),
    fail: new Set<string>(),
    drifted: 'no' as Drifted,
  };
  /** "a" is the key /a in the global store, "a@x+y" that in the stores x and y, "-" no key at all. */
  const resourceOf = (name: string) => {
    const [key = '', stores = ''] = name.split('@');
    const keys = key === '-' ? [] : [`/${key}`];
    const keyRequests = stores.split('+').map((store) => ({ source: specOf(store), prefix: '/', keys }));
    return { spec: { file: name }, file: `${name}.toml`, dest: name, keyRequests } as unknown as Resource;
  };
  const specOf = (store: string): SourceSpec =>
    store === ''
      ? globalSource
      : { store: { backend: store } as StoreSettings, label: `source "${store}"`, prefix: null };
  const open = async ({ store }: SourceSpec) => {
    opened.push(store?.backend ?? '');
    return Promise.resolve(backendOf(store?.backend ?? ''));
  };
  const createRenderer = (resource: Resource, sources: readonly Source[]): Renderer => {
    const name = resource.dest.startsWith('-') ? resource.dest : `/${resource.dest}`;
    const key = resource.keyRequests[0]!.keys[0]!;
    return {
      uses: (touched) => touched.has(key),
      selects: () => false,
      drifted: () => Promise.resolve(confd.drifted),
      reportDrift: () => undefined,
      isEdited: () => Promise.resolve(!files.has(name)),
      pass: async (trigger, unread): Promise<PassRecord> => {
        if (unread !== undefined) {
          log.error(unread.message);
          return recordOf({ ...failedCheck, message: unread.message });
        }
        rendered.push(name);
        triggers.push(trigger);
        const values = sources.map((source, i) => source.view('/', resource.keyRequests[i]!.keys).get(key)?.value);
        await confd.slow.get(name);
        if (confd.fail.has(name)) return recordOf(failedCheck);
        files.set(name, values.length === 1 ? values[0] : values.join());
        return recordOf({ status: 'unchanged', reloaded: false });
      },
    };
  };
  const load = async () =>
    Promise.resolve({
      resources: confd.names.map(resourceOf),
      errors: confd.errors,
      isEmpty: confd.names.length === 0,
    });
  const agent = new Agent({ open, clock, log, load, createRenderer, ledger: new MemoryLedger() });
  const stop = new AbortController();
  const pace = { clock, intervalMs: 600_000, debounceMs: 5, splayMs: 0 };
  return { agent, backend, backendOf, opened, clock, log, rendered, triggers, files, confd, stop, pace };
}

/** The same, and it watches until its `end`; every first pass is done. */
async function watchingOn(names: readonly string[]) {
  const one = agentOn(names);
  const running = watch(one.agent, one.pace, one.stop.signal);
  await one.clock.advance(0);
  const end = async () => {
    one.stop.abort();
    await running;
  };
  return { ...one, end };
}

describe('onetime', () => {
  test('a store that does not answer is the caller’s to report', async () => {
    const { agent, backend, stop } = agentOn(['a']);
    backend.setDown(true);
    await expect(onetime(agent, stop.signal)).rejects.toThrow(BackendError);
  });

  test('a store that does not answer costs the resources that use it, and is named', async () => {
    const { agent, backendOf, log, rendered, stop } = agentOn(['a', 'b@x', '-', 'c@x+y']);
    backendOf('x').setDown(true);
    const failures = await onetime(agent, stop.signal);
    expect(rendered).toEqual(['/a', '-']);
    const message = (file: string) => `Cannot process template resource ${file} - source "x": fake: down`;
    expect(failures).toEqual([message('b@x.toml'), message('c@x+y.toml')]);
    expect(log.lines).toEqual(failures.map((failure) => `ERROR ${failure}`));
    expect(['x', 'y'].map((store) => backendOf(store).closed)).toEqual([true, true]);
  });

  test('stores are read side by side', async () => {
    const { agent, backendOf, rendered, stop } = agentOn(['a@x', 'b@y']);
    let release = (): void => undefined;
    backendOf('x').slow = new Promise((resolve) => (release = resolve));
    const running = onetime(agent, stop.signal);
    await settle();
    expect([backendOf('x').reads, backendOf('y').reads]).toEqual([1, 1]);
    release();
    await running;
    expect(rendered).toEqual(['/a@x', '/b@y']);
  });

  test.each([
    ['a bad file', ['x.toml: oops'], [], ['x.toml: oops']],
    ['a failed resource', [], ['/b'], ['no']],
    ['all well', [], [], []],
  ] as const)('%s', async (_name, errors, fail, failures) => {
    const { agent, backend, confd, rendered, stop } = agentOn(['a', 'b', 'c']);
    backend.put('/a', '1');
    confd.errors.push(...errors);
    for (const key of fail) confd.fail.add(key);
    expect(await onetime(agent, stop.signal)).toEqual(failures);
    expect(rendered).toEqual(['/a', '/b', '/c']);
  });
});

test('onetime without any resource is a failure, and reads no store', async () => {
  const { agent, backend, stop } = agentOn([]);
  expect(await onetime(agent, stop.signal)).toEqual(['there are no template resources']);
  expect(backend.reads).toBe(0);
});

describe('watch', () => {
  test('a change reaches its resource only, and a burst makes one pass', async () => {
    const { backend, clock, rendered, files, end } = await watchingOn(['a', 'b']);
    expect(rendered.splice(0)).toEqual(['/a', '/b']);
    for (let i = 0; i < 50; i++) backend.put('/b', String(i));
    await clock.advance(10);
    expect(rendered.splice(0)).toEqual(['/b']);
    expect(files.get('/b')).toBe('49');
    expect(backend.reads).toBe(1);
    await end();
  });

  test('a change during a slow pass is not lost', async () => {
    const { agent, backend, clock, confd, files, stop, pace } = agentOn(['a']);
    let release = (): void => undefined;
    confd.slow.set('/a', new Promise((resolve) => (release = resolve)));
    const running = watch(agent, pace, stop.signal);
    await clock.advance(0);
    backend.put('/a', 'late');
    await clock.advance(10);
    release();
    await clock.advance(0);
    expect(files.get('/a')).toBe('late');
    stop.abort();
    await running;
  });

  test('one slow resource does not hold up another', async () => {
    const { agent, backend, clock, confd, files, stop, pace } = agentOn(['a', 'b']);
    confd.slow.set('/a', new Promise(() => undefined));
    void watch(agent, pace, stop.signal);
    await clock.advance(0);
    backend.put('/b', 'now');
    await clock.advance(10);
    expect(files.get('/b')).toBe('now');
  });

  test('everything is read again every interval', async () => {
    const { agent, backend, clock, rendered, stop, pace } = agentOn(['a']);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(600_001);
    expect(backend.reads).toBe(2);
    expect(rendered).toEqual(['/a', '/a']);
    stop.abort();
    await running;
  });

  test('a store that is down at start is waited for', async () => {
    const { agent, backend, clock, log, files, stop, pace } = agentOn(['a']);
    backend.setDown(true);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(30_000);
    expect(log.lines).toEqual(['ERROR fake: down']);
    backend.put('/a', 'up');
    backend.setDown(false);
    await clock.advance(120_000);
    expect(files.get('/a')).toBe('up');
    stop.abort();
    await running;
  });

  test('a resource added to conf.d is read and rendered at once', async () => {
    const { agent, backend, clock, confd, files, end } = await watchingOn(['a']);
    backend.put('/new', 'here');
    confd.names.push('new');
    agent.wakeSignal.notify('edit');
    await clock.advance(1);
    expect(files.get('/new')).toBe('here');
    await end();
  });

  test('a resource added while the store is down is not rendered without its keys', async () => {
    const { agent, backend, clock, confd, rendered, files, end } = await watchingOn(['a']);
    backend.put('/new', 'here');
    backend.setDown(true);
    confd.names.push('new');
    for (const reason of ['edit', 'edit', 'change'] as const) {
      agent.wakeSignal.notify(reason);
      await clock.advance(10);
    }
    expect(rendered).toEqual(['/a']);
    backend.setDown(false);
    await clock.advance(120_000);
    expect(files.get('/new')).toBe('here');
    await end();
  });

  test('an edit in the middle of a burst of changes is not lost', async () => {
    const { agent, backend, clock, confd, files, end } = await watchingOn(['a']);
    backend.put('/new', 'here');
    backend.put('/a', '1');
    await clock.advance(1);
    confd.names.push('new');
    agent.wakeSignal.notify('change');
    agent.wakeSignal.notify('edit');
    await clock.advance(20);
    expect(files.get('/new')).toBe('here');
    await end();
  });

  test('what a read brings waits neither for the burst of another store nor for a splay', async () => {
    const { agent, backend, backendOf, clock, rendered, stop, pace } = agentOn(['a', 'b@x']);
    let release = (): void => undefined;
    backendOf('x').slow = new Promise((resolve) => (release = resolve));
    const running = watch(agent, { ...pace, debounceMs: 1000, splayMs: 1e9 }, stop.signal);
    await clock.advance(0);
    expect(rendered.splice(0)).toEqual(['/a']);
    for (let i = 0; i < 5; i++) {
      backend.put('/a', String(i));
      await clock.advance(100);
    }
    release();
    await clock.advance(0);
    expect(rendered).toEqual(['/b@x']);
    stop.abort();
    await running;
  });

  test('a lost history is read again', async () => {
    const { backend, clock, files, end } = await watchingOn(['a']);
    backend.setDown(true);
    await settle();
    backend.put('/a', 'unseen');
    backend.forget();
    backend.setDown(false);
    await clock.advance(120_000);
    expect(files.get('/a')).toBe('unseen');
    await end();
  });
});

describe('a pass knows what woke it', () => {
  type One = ReturnType<typeof agentOn>;
  const lost = async ({ backend, clock }: One) => {
    backend.setDown(true);
    await settle();
    backend.put('/a', 'unseen');
    backend.forget();
    backend.setDown(false);
    await clock.advance(120_000);
  };
  const notified =
    (reason: 'edit' | 'hangup' | 'dest') =>
    async ({ agent, clock, confd, files }: One) => {
      files.delete('/a'); // its template was edited
      confd.drifted = 'gone';
      agent.wakeSignal.notify(reason);
      await clock.advance(1);
    };
  const change = ({ backend }: One) => {
    backend.put('/a', '1');
  };
  const newKeys = ({ agent, confd }: One) => {
    confd.names.push('b');
    agent.wakeSignal.notify('edit');
  };
  const rows: readonly (readonly [string, (one: One) => unknown, Trigger])[] = [
    ['the start', () => undefined, 'start'],
    ['the interval', ({ clock }) => clock.advance(600_001), 'timer'],
    ['a change', change, 'change'],
    ['a lost history', lost, 'change'],
    ['an edit of its template', notified('edit'), 'edit'],
    ['a hangup', notified('hangup'), 'hangup'],
    ['a dest that is gone', notified('dest'), 'dest'],
    [
      'a failure',
      async ({ confd, clock }) => {
        confd.fail.add('/a');
        await clock.advance(600_000);
        await settle();
        await clock.advance(5_000);
      },
      'retry',
    ],
    ['new keys', newKeys, 'edit'],
  ];
  test.each(rows)('%s', async (_name, happen, trigger) => {
    const one = agentOn(['a']);
    const running = watch(one.agent, one.pace, one.stop.signal);
    await one.clock.advance(1);
    await happen(one);
    await one.clock.advance(10);
    expect([one.triggers[0], one.triggers.at(-1)]).toEqual(['start', trigger]);
    one.stop.abort();
    await running;
  });

  test('a start that waits for its store is a start still, and what comes after it is not', async () => {
    const { agent, backend, clock, triggers, stop, pace } = agentOn(['a']);
    backend.setDown(true);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(30_000);
    agent.wakeSignal.notify('edit');
    await clock.advance(1);
    backend.setDown(false);
    await clock.advance(120_000);
    await clock.advance(600_000);
    expect(triggers).toEqual(['start', 'timer']);
    stop.abort();
    await running;
  });

  test('onetime', async () => {
    const { agent, triggers, stop } = agentOn(['a', 'b']);
    await onetime(agent, stop.signal);
    expect(triggers).toEqual(['start', 'start']);
  });
});

describe('splay', () => {
  const splayMs = 10_000;

  /** When each of many agents reads or renders for the second time, after what `happen` does to its store. */
  async function secondTimes(
    follow: typeof watch,
    happen: (backend: FakeBackend) => void,
    pass: (one: ReturnType<typeof agentOn>) => number,
  ): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < 40; i++) {
      const one = agentOn(['a']);
      const running = follow(one.agent, { ...one.pace, intervalMs: 60_000, splayMs }, one.stop.signal);
      await one.clock.advance(1);
      expect(pass(one)).toBe(1); // the first render waits for nothing
      happen(one.backend);
      let ms = 0;
      for (; pass(one) < 2; ms += 100) await one.clock.advance(100);
      times.push(ms);
      one.stop.abort();
      await running;
    }
    return times.sort((a, b) => a - b);
  }

  test('a change is taken at a random time', async () => {
    const change = (backend: FakeBackend) => {
      for (let i = 0; i < 50; i++) backend.put('/a', String(i));
    };
    const times = await secondTimes(watch, change, ({ rendered }) => rendered.length);
    expect(times.at(-1)).toBeLessThanOrEqual(splayMs + 100);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(splayMs / 2);
  });

  test.each([
    ['watch', watch],
    ['interval', interval],
  ])('%s: the interval is longer by a random time', async (_name, follow) => {
    const times = await secondTimes(
      follow,
      () => undefined,
      ({ backend }) => backend.reads,
    );
    expect(times[0]).toBeGreaterThanOrEqual(60_000);
    expect(times.at(-1)).toBeLessThanOrEqual(60_000 + splayMs + 100);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(splayMs / 2);
  });

  test('changes during the wait join the first one, and a later one waits anew', async () => {
    const { agent, backend, clock, rendered, files, stop, pace } = agentOn(['a', 'b']);
    const running = watch(agent, { ...pace, splayMs }, stop.signal);
    await clock.advance(1);
    rendered.length = 0;
    for (const value of ['1', '2', '3']) {
      backend.put('/a', value);
      backend.put('/b', value);
      await clock.advance(1);
    }
    await clock.advance(splayMs);
    expect([...files.values()]).toEqual(['3', '3']);
    expect(rendered.length).toBeLessThanOrEqual(4); // at most one burst was cut in two
    backend.put('/a', 'last');
    await clock.advance(splayMs + 10);
    expect(files.get('/a')).toBe('last');
    stop.abort();
    await running;
  });

  test('neither an edit of conf.d nor the end waits for it', async () => {
    const { agent, backend, clock, confd, files, stop, pace } = agentOn(['a']);
    backend.put('/new', 'here');
    const running = watch(agent, { ...pace, splayMs: 1e9 }, stop.signal);
    await clock.advance(1);
    backend.put('/a', 'much later');
    await clock.advance(10);
    confd.names.push('new');
    agent.wakeSignal.notify('edit');
    await clock.advance(1);
    expect(files.get('/new')).toBe('here');
    stop.abort();
    await running;
  });
});

describe('a store that lost its data', () => {
  test.each([
    ['watch', watch],
    ['interval', interval],
  ])('%s: nothing is rendered before a second read, soon', async (_name, follow) => {
    const { agent, backend, clock, log, files, stop, pace } = agentOn(['a', 'b']);
    backend.put('/a', '1');
    const running = follow(agent, { ...pace, intervalMs: 10_000 }, stop.signal);
    await clock.advance(1);
    backend.lose();
    await clock.advance(follow === watch ? 990 : 10_990);
    expect(files.get('/a')).toBe('1');
    expect(backend.reads).toBe(2);
    expect(log.lines).toEqual([expect.stringMatching(/^WARNING Target config a stays as it is: .*at \/a; /)]);
    await clock.advance(5_000);
    expect(files.get('/a')).toBeUndefined();
    expect(backend.reads).toBe(3);
    stop.abort();
    await running;
  });

  test('what comes between the reads is in the second one', async () => {
    const { agent, backend, clock, files, stop, pace } = agentOn(['a', 'b']);
    backend.put('/a', '1');
    const running = watch(agent, pace, stop.signal);
    await clock.advance(1);
    backend.lose();
    await clock.advance(10);
    backend.put('/a', '2');
    backend.put('/b', '2');
    await clock.advance(900);
    expect([...files]).toEqual([
      ['/a', '1'],
      ['/b', undefined],
    ]);
    await clock.advance(5_000);
    expect([...files]).toEqual([
      ['/a', '2'],
      ['/b', '2'],
    ]);
    backend.put('/a', '3');
    await clock.advance(10);
    expect(files.get('/a')).toBe('3');
    stop.abort();
    await running;
  });

  test('keys that somebody deletes are believed at once', async () => {
    const { agent, backend, clock, files, stop, pace } = agentOn(['a']);
    backend.put('/a', '1');
    const running = watch(agent, pace, stop.signal);
    await clock.advance(1);
    backend.put('/a', null);
    await clock.advance(10);
    expect(files.get('/a')).toBeUndefined();
    expect(backend.reads).toBe(1);
    stop.abort();
    await running;
  });
});

describe('several stores', () => {
  test('only those that are used are opened, and each once', async () => {
    const { agent, backend, backendOf, opened, clock, stop, pace } = agentOn(['a@x', 'b@x', 'c@x+y', '-']);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(0);
    expect(opened.sort()).toEqual(['x', 'y']);
    expect([backend.reads, backendOf('x').reads, backendOf('x').watches, backendOf('y').watches]).toEqual([0, 1, 1, 1]);
    stop.abort();
    await running;
    expect([backendOf('x').closed, backendOf('y').closed]).toEqual([true, true]);
  });

  test('a change in either reaches those who use it, and those only', async () => {
    const { agent, backendOf, clock, rendered, files, stop, pace } = agentOn(['a@x+y', 'b@y', 'c']);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(0);
    expect(new Set(rendered.splice(0))).toEqual(new Set(['/a@x+y', '/b@y', '/c']));
    backendOf('y').put('/a', 'from y');
    await clock.advance(10);
    backendOf('x').put('/a', 'from x');
    await clock.advance(10);
    expect(rendered).toEqual(['/a@x+y', '/a@x+y']);
    expect(files.get('/a@x+y')).toBe('from x,from y');
    stop.abort();
    await running;
  });

  test.each(['down', 'slow'])('one that is %s at start holds up its own resources only', async (fault) => {
    const { agent, backend, backendOf, clock, log, rendered, files, stop, pace } = agentOn(['a', 'b@x', 'c@x+y', '-']);
    const x = backendOf('x');
    let release = (): void => undefined;
    if (fault === 'down') x.setDown(true);
    else x.slow = new Promise((resolve) => (release = resolve));
    const running = watch(agent, pace, stop.signal);
    await clock.advance(30_000);
    expect(rendered.splice(0).sort()).toEqual(['-', '/a']);
    backend.put('/a', 'at once');
    await clock.advance(10);
    expect(files.get('/a')).toBe('at once');
    expect(log.lines).toEqual(fault === 'down' ? ['ERROR source "x": fake: down'] : []);
    x.setDown(false);
    release();
    await clock.advance(60_000);
    expect(new Set(rendered.splice(0))).toEqual(new Set(['/a', '/b@x', '/c@x+y']));
    if (fault === 'down') expect(log.lines.at(-1)).toBe('INFO source "x": The backend answers again');
    stop.abort();
    await running;
  });

  test('one that goes down later says so once a minute, by its name', async () => {
    const { backend, backendOf, clock, log, files, end } = await watchingOn(['a', 'b@x']);
    backendOf('x').setDown(true);
    await clock.advance(300_000);
    expect(log.lines.length).toBeGreaterThan(2);
    expect(log.lines.length).toBeLessThan(7);
    expect(new Set(log.lines)).toEqual(new Set(['ERROR source "x": fake: down']));
    backend.put('/a', 'there');
    await clock.advance(10);
    expect(files.get('/a')).toBe('there');
    await end();
  });

  test('edits of conf.d open and close them', async () => {
    const { agent, backendOf, opened, clock, confd, files, end } = await watchingOn(['a@x', 'b@y']);
    backendOf('z').put('/a', 'moved');
    confd.names.splice(0, 1, 'a@z');
    agent.wakeSignal.notify('edit');
    await clock.advance(10);
    expect(files.get('/a@z')).toBe('moved');
    expect(opened).toEqual(['x', 'y', 'z']);
    expect(['x', 'y', 'z'].map((store) => backendOf(store).closed)).toEqual([true, false, false]);
    await end();
  });

  test('one that is gone while it is being read is not waited for', async () => {
    const { agent, backendOf, clock, confd, log, stop, pace } = agentOn(['a@x', 'b']);
    backendOf('x').slow = new Promise(() => undefined);
    const running = watch(agent, pace, stop.signal);
    await clock.advance(0);
    confd.names.shift();
    agent.wakeSignal.notify('edit');
    await clock.advance(10);
    expect(backendOf('x').closed).toBe(true);
    stop.abort();
    await running;
    expect(log.lines).toEqual([]);
  });

  test('one that cannot be watched is polled while the others are watched', async () => {
    const { agent, backend, backendOf, clock, log, rendered, stop, pace } = agentOn(['a', 'b@x']);
    backendOf('x').canWatch = false;
    const running = watch(agent, { ...pace, intervalMs: 10_000 }, stop.signal);
    await clock.advance(0);
    rendered.splice(0);
    backend.put('/a', 'now');
    backendOf('x').put('/b', 'later');
    await clock.advance(10);
    expect(rendered.splice(0)).toEqual(['/a']);
    await clock.advance(20_000);
    expect(rendered).toContain('/b@x');
    expect(backendOf('x').watches).toBe(0);
    expect(log.lines).toEqual(['WARNING source "x": Watch is not supported for backend fake: polling every 10 s']);
    stop.abort();
    await running;
  });
});

describe('interval', () => {
  test('follows nothing between its passes', async () => {
    const { agent, backend, clock, rendered, files, stop, pace } = agentOn(['a']);
    const running = interval(agent, { ...pace, intervalMs: 10_000 }, stop.signal);
    await clock.advance(0);
    backend.put('/a', 'later');
    await clock.advance(9_000);
    expect(backend.watches).toBe(0);
    expect(rendered).toEqual(['/a']);
    await clock.advance(1_001);
    expect(files.get('/a')).toBe('later');
    stop.abort();
    await running;
  });
});
