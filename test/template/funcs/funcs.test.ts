import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromText } from '../../../src/go/bytes.ts';
import { Suspend } from '../../../src/template/engine/engine.ts';
import { funcDepsOf } from '../../../src/template/funcs/funcs.ts';
import { Lookups } from '../../../src/template/funcs/lookup.ts';
import { storedRows } from '../../helpers/go-rows.ts';
import { clock, readerOf, render, still, testGolden } from '../rendering.ts';

testGolden('store');

test('the values of keys are not in errors', () => {
  const reader = readerOf({ '/secret': 'hunter2' });
  expect(() => render('{{join (getv "/secret") ","}}', reader)).toThrow(/^(?!.*hunter2)/s);
});

test('what a template asks the store for is in the read set', () => {
  const hit = (text: string, key: string) => {
    const reader = readerOf({ '/a': '1' });
    render(text, reader);
    return reader.readSet.hit(new Map([[key, 'added']]));
  };
  const asked = '{{exists "/e"}}{{getv "/v" ""}}{{gets "/g/*"}}{{getvs "/h/*"}}{{ls "/l"}}{{lsdir "/d"}}';
  for (const key of ['/e', '/v', '/g/x', '/h/x', '/l/x', '/d/x/y']) expect([key, hit(asked, key)]).toEqual([key, true]);
  for (const key of ['/a', '/g', '/g/x/y', '/d/x']) expect([key, hit(asked, key)]).toEqual([key, false]);
});

describe('getenv', () => {
  const world = funcDepsOf(
    new Map([
      ['SET', 'é'],
      ['EMPTY', ''],
      ['NÄME', 'x'],
    ]),
    clock,
  );
  test.each([
    ['getenv "SET"', 'é'],
    ['getenv "SET" "d"', 'é'],
    ['getenv "EMPTY"', ''],
    ['getenv "EMPTY" "d"', 'd'],
    ['getenv "NONE" "d" "e"', 'd'],
    ['getenv "NONE"', ''],
    ['getenv "NÄME"', 'x'],
    ['getenv "constructor"', ''],
  ])('%s', (call, out) => {
    expect(render(fromText(`{{${call}}}`), readerOf(), world)).toBe(fromText(out));
  });
});

describe('fileExists', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'funcs-'));
    await writeFile(join(dir, 'é'), '');
  });
  afterEach(() => rm(dir, { recursive: true }));

  test.each([
    ['', true],
    ['/é', true],
    ['/none', false],
    ['/é/below', true],
    ['/none/below', false],
  ])('of %j in a directory is %s', (path, exists) => {
    expect(render(fromText(`{{fileExists "${dir}${path}"}}`))).toBe(String(exists));
  });

  test('of no path at all is false', () => {
    expect(render('{{fileExists ""}}')).toBe('false');
  });
});

describe('datetime', () => {
  test.each([
    ['(datetime).Format "2006-01-02T15:04:05.000Z07:00"', '2026-11-22T07:08:09.123Z'],
    ['(datetime).Unix', '1795331289'],
    ['(datetime).UnixNano', '1795331289123000000'],
    ['(datetime).Month', 'November'],
    ['printf "%T" datetime', 'time.Time'],
  ])('%s', (call, out) => {
    expect(render(`{{${call}}}`)).toBe(out);
  });

  test('prints as Go prints the time now', () => {
    expect(render('{{datetime}}')).toMatch(/^2026-11-22 07:08:09\.123 \+0000 UTC m=[+-]\d+\.\d{9}$/);
  });

  test('is in the zone of the file that TZ names', async () => {
    const [{ zones }] = storedRows<unknown>('time') as [{ zones: Record<string, string> }];
    const dir = await mkdtemp(join(tmpdir(), 'funcs-'));
    await writeFile(join(dir, 'zone'), Buffer.from(zones['Europe/Berlin']!, 'base64'));
    const berlin = funcDepsOf(new Map([['TZ', join(dir, 'zone')]]), clock);
    expect(render('{{(datetime).Format "15:04 MST"}}', readerOf(), berlin)).toBe('08:08 CET');
    await rm(dir, { recursive: true });
  });

  test('tells how long the process has run', () => {
    const world = funcDepsOf(new Map(), { now: () => performance.timeOrigin + 1500 });
    expect(render('{{datetime}}', readerOf(), world)).toMatch(/ m=\+1\.500000000$/);
  });

  test('is in the local zone, though that be like UTC', () => {
    expect(render('{{printf "%#v" datetime}}')).toMatch(/, time\.Local\)$/);
    expect(render('{{printf "%#v" datetime.UTC}} {{eq datetime.UTC.Location datetime.Location}}')).toMatch(
      /, time\.UTC\) false$/,
    );
  });

  test('is in the zone of TZ, or in UTC where there is none of that name', () => {
    const nowhere = funcDepsOf(new Map([['TZ', 'Nowhere/At_all']]), clock);
    expect(render('{{(datetime).Format "15:04 MST"}}', readerOf(), nowhere)).toBe('07:08 UTC');
  });
});

describe('lookups', () => {
  const world = () => {
    const addresses = (host: string) => Promise.resolve(host === 'a.test' ? ['10.0.0.2', '::1', '10.0.0.10'] : []);
    const services = () => Promise.resolve([{ name: 'h.test', port: 80, priority: 1, weight: 2 }]);
    return { ...still, lookups: new Lookups({ addresses, services }) };
  };

  async function settled(text: string): Promise<{ out: string; runs: number }> {
    const once = world();
    for (let runs = 1; ; runs++) {
      try {
        return { out: render(text, readerOf(), once), runs };
      } catch (error) {
        if (!(error instanceof Suspend)) throw error;
        await error.until;
      }
    }
  }

  test.each([
    ['{{lookupIP "a.test"}}', '[10.0.0.10 10.0.0.2 ::1]', 2],
    ['{{lookupIPV4 "a.test"}}{{lookupIPV6 "a.test"}}', '[10.0.0.10 10.0.0.2][::1]', 2],
    ['{{lookupIP "b.test"}}{{lookupIP ""}}{{lookupIPV6 "::1"}}', '[][][::1]', 2],
    [
      '{{range lookupSRV "s" "tcp" "a.test"}}{{.Target}} {{.Port}} {{.Priority}} {{.Weight}}{{end}}',
      'h.test. 80 1 2',
      2,
    ],
    ['{{range lookupIP "a.test"}}{{lookupIP .}}{{end}}{{lookupIP "b.test"}}', '[10.0.0.10][10.0.0.2][::1][]', 3],
    ['{{range lookupSRV "s" "tcp" "a"}}{{if eq .Port 80}}{{printf "%#v" .Port}}{{end}}{{end}}', '0x50', 2],
  ])('%s', async (text, out, runs) => {
    expect(await settled(text)).toEqual({ out, runs });
  });
});

test('lookupIface of no interface', () => {
  expect(render('{{lookupIfaceIPV4 "none0"}}{{lookupIfaceIPV6 "none0"}}')).toBe('');
});

test('hostname', () => {
  expect(render('{{hostname}}')).toBe(fromText(hostname()));
});
