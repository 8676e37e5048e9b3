import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// The conf.d and templates that we ship, as they are.

const root = join(import.meta.dirname, '../..');

function upstream(env: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sample-'));
  mkdirSync(join(folder, 'out'));
  execFileSync(process.execPath, [join(root, 'bin/confd'), '-onetime', '-backend', 'env', '-confdir', root], {
    cwd: folder,
    env: { PATH: process.env['PATH']!, CONFD_STATE_DIR: join(folder, 'state'), ...env },
    stdio: 'ignore',
  });
  const text = readFileSync(join(folder, 'out/nginx.conf'), 'utf8');
  return /upstream [^]*?\n}/
    .exec(text)![0]
    .split('\n')
    .filter((line) => line.includes(' server '));
}

test('servers that have registered', () => {
  const env = { SERVICES_APACHE_1: '10.0.0.1:80', SERVICES_APACHE_2: '10.0.0.2:80' };
  expect(upstream(env)).toEqual(['    server 10.0.0.1:80;', '    server 10.0.0.2:80;']);
});

test('nobody has registered', () => {
  expect(upstream({})).toEqual(['    server 127.0.0.1:65535 down;']);
});
