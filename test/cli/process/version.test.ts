import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { version, versionLine } from '../../../src/cli/process/version.ts';

test('is the package’s', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(version);
});

test('has confd’s shape', () => {
  expect(versionLine('v20.19.0')).toBe(`confd ${version} (Git SHA: , Node Version: v20.19.0)\n`);
});
