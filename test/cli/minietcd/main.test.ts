import { expect, test } from '@jest/globals';
import { logOf, Program, waitFor } from '../../helpers/confd.ts';
import { serve } from '../../helpers/mini-etcd.ts';
import { freePort } from '../../helpers/port.mjs';

const run = (...args: string[]) => new Program('mini-etcd', args).ended;

test('a flag that nobody knows: one line, where to look, exit 1', async () => {
  expect(await run('-bogus')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mini-etcd: flag provided but not defined: -bogus; mini-etcd -h lists the flags\n',
  });
});

test('an address that is taken: one line that names it, exit 1', async () => {
  await using taken = await serve();
  const { code, stdout, stderr } = await run('-addr', `127.0.0.1:${taken.port}`);
  expect({ code, stdout, log: logOf(stderr) }).toEqual({
    code: 1,
    stdout: '',
    log: [`ERROR cannot listen on 127.0.0.1:${taken.port}: another program already listens there`],
  });
});

test('help and version are answered with exit 0', async () => {
  expect(await run('-h')).toMatchObject({ code: 0, stderr: '' });
  expect(await run('-version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mini-etcd version \S+\n$/) });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'serves until %s, with one line that says where, and exits 0',
  async (signal) => {
    const port = await freePort();
    const program = new Program('mini-etcd', ['-bind-addr', `127.0.0.1:${port}`, '-name', 'n1', '-v', '-in-memory']);
    await waitFor('the line that says where', () => program.stderr.includes('listening'));
    const url = `http://127.0.0.1:${port}`;
    await fetch(`${url}/v2/keys/secret%0A`, { method: 'PUT', body: new URLSearchParams({ value: 'hunter2' }) });
    expect(await (await fetch(`${url}/v2/members/leader`)).json()).toMatchObject({ name: 'n1', clientURLs: [url] });
    const poll = fetch(`${url}/v2/keys/secret?wait=true`);
    await poll;
    program.kill(signal);
    expect(await (await poll).text()).toBe('');
    const { code, stdout } = await program.ended;
    expect({ code, stdout, log: program.log }).toEqual({
      code: 0,
      stdout: '',
      log: [
        `INFO listening on ${url}, loopback only; data is kept in memory only`,
        'DEBUG set "/secret\\n" index 4',
        `INFO ${signal}: stopping`,
      ],
    });
  },
);
