import { describe, expect, test } from '@jest/globals';
import { AgentError, ConfigError, type Keys, renderResource } from '../src/index.ts';
import { confd, Confdir } from './helpers/confd.ts';

const rendered = (dir: Confdir, keys: Keys) => renderResource(dir.path('conf.d/x.toml'), keys);

describe('what cannot be rendered', () => {
  test.each([
    ['a key that is missing', '{{getv "/app/hots"}}', '', AgentError, /: key does not exist: \/app\/hots$/],
    ['a value that does not fit', '{{atoi (getv "/app/host")}}', '', AgentError, /parsing "\*\*\*": invalid syntax$/],
    ['too few keys', 'x', 'min_keys = 2', AgentError, /min_keys is 2/],
    ['a misspelt key', 'x', 'chek_cmd = "x"', ConfigError, /chek_cmd/],
  ])('%s', async (_name, template, more, kind, message) => {
    const dir = new Confdir();
    dir.resource('x', template, ['/app'], more);
    const error = await rendered(dir, { app: { host: 'hunter2' } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    if (template.includes('hots'))
      expect((error as AgentError).advice.join('\n')).toContain('did you mean "/app/host"?');
  });
});

test('a Map and plain data give what the file backend gives', async () => {
  const dir = new Confdir();
  const dest = dir.resource('x', '{{range gets "/app/*"}}{{.Key}}={{.Value}} {{end}}{{getv "/app/list/1"}}', ['/app']);
  const data = { app: { host: 'é', port: 1.5, list: [true, 'two'] }, other: 1 };
  const plain = await rendered(dir, data);
  expect(plain.bytes.toString()).toBe('/app/host=é /app/port=1.5 two');
  expect(plain).toMatchObject({ dest, usedKeys: ['/app/host', '/app/list/1', '/app/port'] });
  const map = new Map<string, string | Uint8Array>([
    ['/app/host', 'é'],
    ['/app/port/', Buffer.from('1.5')],
    ['/app/list/1', 'two'],
  ]);
  expect(await rendered(dir, map)).toEqual(plain);
  dir.write('keys.json', JSON.stringify(data));
  const ended = await confd(['render', '-confdir', dir.root, '-data', dir.path('keys.json')]);
  expect(ended.stdout).toBe(plain.bytes.toString());
});
