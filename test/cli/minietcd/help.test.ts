import { expect, test } from '@jest/globals';
import { oldNames, rows } from '../../../src/cli/minietcd/settings.ts';
import { etcdUsage } from '../../../src/cli/minietcd/help.ts';

test('the help names every flag and every command', () => {
  const text = etcdUsage();
  expect(text).toMatch(/^Usage of mini-etcd:\n {2}-addr host:port\n/);
  for (const name of [...rows.map(({ spec }) => spec.name), ...oldNames.keys()]) {
    const shown = text.match(new RegExp(`(?<=\\s)-${name}(?=[\\s]|$)`, 'gm')) ?? [];
    expect([name, shown.length > 0]).toEqual([name, true]);
  }
  expect(text).toMatch(/\n {2}backup check export import restore\n$/);
  expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
});
