import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

test('docs/lint.md is what the codes and the services make it', () => {
  const script = join(import.meta.dirname, '../../scripts/lint-page.mjs');
  expect(spawnSync(process.execPath, [script], { encoding: 'utf8' })).toMatchObject({ stderr: '', status: 0 });
});
