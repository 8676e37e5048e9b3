import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { commands } from '../../../../src/cli/confd/commands/table.ts';
import {
  commandUsage,
  completions,
  completionScript,
  helpScreen,
  usage,
} from '../../../../src/cli/confd/commands/usage.ts';
import { oldSettings, settings } from '../../../../src/config/flags.ts';
import { offered } from '../../../../src/config/offered.ts';

const confd = { program: 'confd', commands, command: null };

describe('usage', () => {
  test('names the program as it was typed and every flag once, in order', () => {
    const text = usage('./confd');
    expect(text).toMatch(/^Usage of \.\/confd:\n {2}-app-id string\n {4}\t/);
    const names = [...text.matchAll(/^ {2}-([a-z-]+)/gm)].map((match) => match[1]);
    expect(names).toEqual(offered.map(({ name }) => name).sort());
  });

  test.each([
    ['  -interval int\n    \tseconds between two passes (default 600)\n'],
    ['  -node address\n    \taddress of the backend (may be repeated)\n'],
    ['  -onetime\n    \tprocess every resource once and exit\n'],
    [' (default "/etc/confd")\n'],
    [' (default 5ms)\n'],
    [' (default [127.0.0.1:4001])\n'],
  ])('%j', (part) => {
    expect(usage('confd')).toContain(part);
  });

  test.each(['quiet', 'verbose', 'debug', 'etcd-scheme', 'consul-addr'])('not -%s', (old) => {
    expect(usage('confd')).not.toContain(`-${old}`);
  });
});

// A store that cannot be read is offered nowhere.
test.each(['zookeeper', 'dynamodb', 'ssm', 'secretsmanager', 'acm', 'rancher'])('nothing names %s', async (name) => {
  const screens = [
    usage('confd'),
    await helpScreen(confd, 100),
    ...(await completions(confd, ['confd', '-backend', ''])),
  ];
  expect(screens.join('\n').toLowerCase()).not.toContain(name);
});

describe('help screen', () => {
  test('has every flag once, under a topic, and fits the width', async () => {
    const screen = await helpScreen({ ...confd, program: '/usr/bin/confd' }, 100);
    const names = [...screen.matchAll(/^ +--([a-z-]+)/gm)].map((match) => match[1]).sort();
    expect(names).toEqual(offered.map(({ name }) => name).sort());
    expect(screen).toMatch(/^confd \[flags\]\n/);
    expect(screen).toContain('The store:');
    for (const { name, summary } of commands)
      expect(screen).toMatch(new RegExp(`^  confd ${name}[^\\n]*${summary.slice(0, 20)}`, 'm'));
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('completion', () => {
  test.each<[string[], string[]]>([
    [['confd', '-confdir', ''], []],
    [['confd', '--interval', ''], []],
    [
      ['confd', '-backend', ''],
      ['embedded', 'env', 'etcd'],
    ],
    [['confd', '--log-level', 'd'], ['debug']],
    [['confd', 'he'], ['help']],
    [['confd', 'help', 'co'], ['completion']],
    [['confd', 'help', '-'], []],
    [
      ['confd', '--'],
      ['--node', '--onetime', '--watch'],
    ],
    [
      ['confd', '-onetime', '-'],
      ['--node', '--watch'],
    ],
  ])('%j', async (words, expected) => {
    const found = await completions(confd, words);
    if (expected.length === 0) expect(found).toEqual([]);
    else expect(found).toEqual(expect.arrayContaining(expected));
  });

  test('the script is one that bash can read', async () => {
    const script = await completionScript({ ...confd, program: '/usr/bin/confd' });
    expect(script).toContain('confd --get-yargs-completions');
    execFileSync('bash', ['-n'], { input: script });
  });
});

describe('the table of commands', () => {
  test.each(commands.map((command) => [command.name, command] as const))('%s', async (name, command) => {
    expect(command.summary).toMatch(/^[a-z][^\n]*[^.]$/);
    // A flag means one thing, wherever it stands.
    const known = [...settings, ...oldSettings].map((setting) => setting.name);
    expect(command.flags.map((flag) => flag.name).filter((flag) => known.includes(flag))).toEqual([]);
    expect(commandUsage('confd', command)).toMatch(new RegExp(`^Usage of confd ${name}[^\n]*:\n`));
    const screen = await helpScreen({ ...confd, command }, 100);
    expect(screen).toMatch(new RegExp(`^confd ${name}`));
    for (const flag of command.flags) expect(screen).toMatch(new RegExp(`^ +-{1,2}${flag.name}`, 'm'));
    expect(screen.includes('The store:')).toBe(command.takesSettings);
  });

  test('has each name once', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });
});
