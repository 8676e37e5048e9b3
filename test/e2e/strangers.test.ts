import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Confdir, confd, Program, waitFor } from '../helpers/confd.ts';
import { ToyServer } from '../helpers/toy-server.ts';

// Stores that answer nonsense, or without end: the agent says so, and is there when they come to their senses.

const open: ToyServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((toy) => toy.close()));
});

async function toy(answer: (response: ServerResponse, url: string) => void): Promise<string> {
  const server = await ToyServer.start((request, response) => {
    answer(response, request.url!);
  });
  open.push(server);
  return server.url;
}

const index = { 'X-Etcd-Index': '7' };
const good = '{"action":"get","node":{"key":"/k","value":"good","modifiedIndex":7}}';

describe('a daemon lives on', () => {
  test.each([
    ['-interval=1', '{"node":null}'],
    ['-watch', '{"node":null}'],
    ['-watch', '{"action":"get","node":{"key":5,"value":{"toString":1},"modifiedIndex":"x"}}'],
    ['-watch', '[]'],
  ])('%s: reads answered by %s', async (mode, body) => {
    let isWell = false;
    const url = await toy((response, path) => {
      if (!path.includes('wait=true')) response.writeHead(200, index).end(isWell ? good : body);
    });
    const dir = new Confdir();
    const dest = dir.resource('a', '{{getv "/k"}}', ['/k']);
    const agent = new Program('confd', [mode, '-confdir', dir.root, '-backend', 'etcdv2', '-node', url]);
    const error = await waitFor('an error', () => agent.log.find((line) => line.startsWith('ERROR')));
    expect(error).toBe(`ERROR ${url}: the answer is not a valid etcd answer`);
    isWell = true;
    await waitFor('the file', () => existsSync(dest));
    expect(readFileSync(dest, 'utf8')).toBe('good');
    expect((await agent.stop()).code).toBe(0);
  });

  test.each(['{"node":null}', '{"action":"set","node":{"key":"/k","value":7,"modifiedIndex":8}}', 'x'])(
    'a watch answered by %s',
    async (body) => {
      let watches = 0;
      const url = await toy((response, path) => {
        if (!path.includes('wait=true')) {
          response.writeHead(200, index).end(good);
          return;
        }
        watches += 1;
        response.writeHead(200, { 'X-Etcd-Index': '8' });
        response.end(watches === 1 ? body : '{"action":"set","node":{"key":"/k","value":"new","modifiedIndex":8}}');
      });
      const dir = new Confdir();
      const dest = dir.resource('a', '{{getv "/k"}}', ['/k']);
      const agent = new Program('confd', ['-watch', '-confdir', dir.root, '-backend', 'etcdv2', '-node', url]);
      await waitFor('the change', () => existsSync(dest) && readFileSync(dest, 'utf8') === 'new');
      expect(agent.log.filter((line) => line.startsWith('ERROR'))).toHaveLength(1);
      expect((await agent.stop()).code).toBe(0);
    },
  );
});

test.each(['etcd', 'etcdv2', 'etcdv3'])('-onetime and an answer without end, -backend %s', async (backend) => {
  const timers: NodeJS.Timeout[] = [];
  const url = await toy((response) => {
    response.writeHead(200, index);
    timers.push(setInterval(() => response.write(' '), 20));
  });
  const dir = new Confdir();
  dir.resource('a', '{{getv "/k" "none"}}', ['/k']);
  const args = ['-onetime', '-confdir', dir.root, '-backend', backend, '-node', url, '-backend-timeout', '500ms'];
  const { code, stderr } = await confd(args);
  for (const timer of timers) clearInterval(timer);
  expect(code).toBe(1);
  expect(stderr).toMatch(/FATAL http:\S+: (?:the answer was not complete after|no answer within) 0\.[45] s\n/);
});
