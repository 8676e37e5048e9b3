import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { createLogger, type Level, parseLevel } from '../../src/obs/log.ts';

const words: readonly (readonly [string, Level | undefined])[] = [
  ['bogus', undefined],
  ['', undefined],
  ['__proto__', undefined],
  ['WARN', 'warning'],
  ['Warning', 'warning'],
  ['trace', 'debug'],
  ['panic', 'panic'],
];
test.each(words)('level %j is %s', (word, level) => {
  expect(parseLevel(word)).toBe(level);
});

describe('lines', () => {
  test('have confd’s shape', () => {
    const lines: string[] = [];
    createLogger(
      'confd',
      'info',
      (line) => lines.push(line),
      () => new Date(0),
    ).info('Starting confd');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.replace(/^\S+/, 'TIME')).toBe(`TIME ${hostname()} confd[${process.pid}]: INFO Starting confd\n`);
  });

  const thresholds: readonly (readonly [Level, string])[] = [
    ['debug', 'debug info warning error fatal'],
    ['warning', 'warning error fatal'],
    ['fatal', 'fatal'],
    ['panic', ''],
  ];
  test.each(thresholds)('%s lets through: %s', (threshold, expected) => {
    const seen: string[] = [];
    const log = createLogger('confd', threshold, (line) => seen.push(line.split(' ').at(-1)!.trim()));
    for (const level of ['debug', 'info', 'warning', 'error', 'fatal'] as const) log[level](level);
    expect(seen.join(' ')).toBe(expected);
  });

  test('a % in a message is only a %', () => {
    const lines: string[] = [];
    createLogger('confd', 'info', (line) => lines.push(line)).info('100% of /no%key');
    expect(lines[0]).toContain('INFO 100% of /no%key\n');
  });
});

const zones: readonly (readonly [string, RegExp])[] = [
  ['UTC', /^1970-01-02T10:17:36Z /],
  ['Asia/Kolkata', /^1970-01-02T15:47:36\+05:30 /],
  ['America/New_York', /^1970-01-02T05:17:36-05:00 /],
];
test.each(zones)('time in %s', (zone, expected) => {
  const code = `
    import { createLogger } from './src/obs/log.ts';
    createLogger('confd', 'info', (line) => process.stdout.write(line), () => new Date(123456789)).info('x');`;
  const bundle = execFileSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { build } from 'esbuild';
     const out = await build({ stdin: { contents: ${JSON.stringify(code)}, resolveDir: process.cwd() },
       bundle: true, platform: 'node', format: 'esm', write: false });
     process.stdout.write(out.outputFiles[0].text);`,
  ]);
  const line = execFileSync(process.execPath, ['--input-type=module', '-e', bundle.toString()], {
    env: { ...process.env, TZ: zone },
  });
  expect(line.toString()).toMatch(expected);
});
