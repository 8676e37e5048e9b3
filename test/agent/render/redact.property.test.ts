import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { assembleAgent } from '../../../src/agent/assemble.ts';
import { onetime } from '../../../src/agent/schedule/processors.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { Confdir } from '../../helpers/confd.ts';
import { FakeBackend } from '../../helpers/fake-backend.ts';
import { memoryLog } from '../../helpers/memory-log.ts';

// Values that nobody else would write, turned around in every way that a template can, and handed to everything that fails.

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6));

/** Text of letters and digits that differs with n. */
function mark(n: number): string {
  let state = seed * 31 + n;
  return Array.from({ length: 24 }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return 'BCDFGHJKLMNPQRSTVWXZ23456789bcdfghjklmnpqrstvwxz'[Math.floor(state / 65536) % 48];
  }).join('');
}

/** Templates' expressions over $v, which give a text that is a value or made of one. */
const derived: Readonly<Record<string, string>> = {
  itself: '$v',
  lower: 'toLower $v',
  upper: 'toUpper $v',
  start: 'slice $v 0 12',
  middle: 'slice $v 5 17',
  'with more': 'printf "%sx" $v',
  'between others': 'printf "a b=%s;c" $v',
  quoted: 'printf "%q" $v',
  hex: 'printf "%x" $v',
  base64: 'base64Encode $v',
  replaced: 'replace $v "2" "-" -1',
  split: 'index (split (printf "x/%s" $v) "/") 1',
  joined: 'join (split $v "3") "_"',
  'from JSON': 'index (json (printf `{"k":"%s"}` $v)) "k"',
  included: 'include "value.tmpl" $v',
  'in a path': 'base (printf "/x/%s" $v)',
};

/** What fails on the text that $d is. */
const failing: readonly string[] = [
  'atoi $d',
  'range $d}}{{end',
  'getv $d',
  'getv (printf "/dir/%s/x" $d)',
  'get $d',
  'index (json `{}`) $d | getv',
  'json $d',
  'jsonArray $d',
  'json (printf `{"%s":}` $d)',
  'json (printf `{"a":%s}` $d)',
  'base64Decode (printf "*%s" $d)',
  'include $d',
  'include (printf "../%s" $d)',
  'regexMatch (printf "(%s" $d) "x"',
  'regexMatch (printf "%s[z-a]" $d) "x"',
  'add $d 1',
  'index (split $d "") 9999',
  'index $d 100',
  'slice $d 5 100',
  'parseBool $d',
  'seq 1 $d',
  'call $d',
  'lt $d 1',
  'len (atoi $d)',
  '$d.Field',
  'printf "%d" (atoi $d)',
  'gets (printf "[%s" $d)',
  'template $d',
];

test(`no value and nothing made of one is ever logged (seed ${seed})`, async () => {
  const dir = new Confdir();
  const backend = new FakeBackend();
  dir.write('templates/value.tmpl', '{{.}}');
  const dests = new Map<string, string>();
  let n = 0;
  for (const [name, expression] of Object.entries(derived)) {
    const key = `/v/${n}`;
    backend.put(key, mark(n));
    const setting = `{{$v := getv "${key}"}}{{$d := ${expression}}}`;
    dests.set(name, dir.resource(`shown-${n}`, `${setting}{{$d}}`, ['/v']));
    failing.forEach((failure, i) => dir.resource(`failing-${n}-${i}`, `${setting}{{${failure}}}`, ['/v']));
    failing.forEach((failure, i) => {
      const hbs = `{{#with (getv "${key}") as |v|}}{{${failure.replace(/ .*/, '').replace(/^\$.*/, 'v.x')} v}}{{/with}}`;
      dir.write(
        `conf.d/hbs-${n}-${i}.toml`,
        `[template]\nsrc = "h${n}-${i}.hbs"\ndest = "${dir.path(`h${n}-${i}`)}"\nkeys = ["/v"]\n`,
      );
      dir.write(`templates/h${n}-${i}.hbs`, hbs);
    });
    n++;
  }
  const log = memoryLog();
  const settings = {
    ...{ confdir: dir.root, resourceFile: null, prefix: '', noop: false, syncOnly: false, keepStageFile: false },
    env: new Map<string, string>(),
  };
  const { signal } = new AbortController();
  const failures = await onetime(assembleAgent(backend, settings, { clock: systemClock, log, signal }), signal);
  expect(failures.length).toBeGreaterThan(n * failing.length * 0.8);
  const text = log.lines.join('\n').toLowerCase();
  const leaks = [...dests].flatMap(([name, dest], i) => {
    const forms = [mark(i), readFileSync(dest, 'latin1')].map((form) => form.toLowerCase());
    const pieces = forms.flatMap((form) => Array.from({ length: form.length - 5 }, (_, at) => form.slice(at, at + 6)));
    const found = pieces.find((piece) => text.includes(piece));
    return found === undefined ? [] : [`${name}: ${log.lines.find((line) => line.toLowerCase().includes(found))!}`];
  });
  expect(leaks).toEqual([]);
});

test('a mistake of this program is told by its place, without the words of the engine', async () => {
  const dir = new Confdir();
  dir.resource('x', '{{getenv "A"}}', []);
  const log = memoryLog();
  const env = new Map<string, string>();
  env.get = () => {
    throw new TypeError('Cannot convert hunter2 to a BigInt');
  };
  const settings = { resourceFile: null, prefix: '', noop: false, syncOnly: false, keepStageFile: false, env };
  const { signal } = new AbortController();
  const agent = assembleAgent(
    new FakeBackend(),
    { confdir: dir.root, ...settings },
    { clock: systemClock, log, signal },
  );
  expect(await onetime(agent, signal)).toHaveLength(1);
  expect(log.lines.join('\n')).toMatch(
    /Internal error while processing .*x\.toml, please report it: TypeError\n\s+at /,
  );
  expect(log.lines.join('\n')).not.toContain('hunter2');
});
