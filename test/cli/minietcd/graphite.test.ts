import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { feedGraphite, graphiteLines } from '../../../src/cli/minietcd/graphite.ts';
import { waitFor } from '../../helpers/confd.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { freePort } from '../../helpers/port.mjs';

test('metrics become lines of text', () => {
  const text = '# TYPE a counter\na{code="404",method="GET"} 2\nb_bucket{le="1"} 3\nb_sum 0.5\n';
  expect(graphiteLines('mini', text, 7)).toBe('mini.a.404.GET 2 7\nmini.b_sum 0.5 7\n');
});

test('a Graphite that is away is one warning, and one that is there gets every round', async () => {
  let got = '';
  const server = createServer((socket) => socket.on('data', (bytes: Buffer) => (got += bytes.toString())));
  const port = await freePort();
  const clock = new FakeClock();
  const stop = new AbortController();
  const warnings: string[] = [];
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, error: quiet, fatal: quiet, warning: (text: string) => warnings.push(text) };
  const graphite = { host: '127.0.0.1', port, prefix: 'p' };
  const feeding = feedGraphite(graphite, () => 'up 1\n', { clock, log }, stop.signal);
  await waitFor('the warning', async () => (await clock.advance(10_000), warnings.length > 0));
  expect(warnings[0]).toBe(
    `-graphite-host 127.0.0.1:${port}: no program listens there; it is tried again every ten seconds`,
  );
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await waitFor('a line', async () => (await clock.advance(10_000), got !== ''));
  expect(got).toMatch(/^p\.up 1 \d+\n/);
  expect(warnings).toHaveLength(1);
  stop.abort();
  await feeding;
  server.close();
});
