import { expect, test } from '@jest/globals';
import { reachOf } from '../../../src/cli/process/listen-scope.ts';

const everyone = 'open to everyone who can reach these addresses, without a password';

test.each([
  [['http://[::]:4001'], undefined, everyone],
  [['http://127.0.0.1:4001', 'http://10.0.0.5:4001'], undefined, everyone],
  [['https://10.0.0.5:4001'], { caFile: '' }, everyone],
  [['https://10.0.0.5:4001'], { caFile: '/ca.pem' }, 'open to clients with a certificate'],
  [['http://127.0.0.1:4001', 'https://[::1]:1'], undefined, 'loopback only'],
])('%j %j', (urls, tls, words) => {
  expect(reachOf(urls, tls)).toBe(words);
});
