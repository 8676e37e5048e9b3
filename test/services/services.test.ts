import { describe, expect, test } from '@jest/globals';
import { serviceCalled, services } from '../../src/services/services.ts';

test('each has a name of its own and is found by it, in alphabetical order', () => {
  const names = services.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
  // The package sudo has no program that confd's commands call so.
  expect(names.filter((name) => serviceCalled(name)?.name !== name)).toEqual(['sudo', 'systemd']);
});

test.each([
  ['apachectl', 'apache2'],
  ['php-fpm8.2', 'php-fpm'],
  ['php8.2-fpm', 'php-fpm'],
  ['unbound-control', 'unbound'],
  ['redis-server', 'redis'],
  ['nginxx', undefined],
  ['', undefined],
])('%s belongs to %s', (word, name) => {
  expect(serviceCalled(word)?.name).toBe(name);
});

describe('commands', () => {
  test('a check names the stage file, a reload does not', () => {
    const wrong = services.filter(
      ({ check, reload }) => check?.includes('{{.src}}') === false || reload?.includes('.src') === true,
    );
    expect(wrong).toEqual([]);
  });
});
