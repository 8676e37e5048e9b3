// Commands that fail, folders that change, signals at a bad time: against a real etcd.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { confdir, resource, slurp, startConfd } from './support/confd.mjs';
import { startEtcd } from './support/etcd.mjs';
import { endPrograms, sleep, waitFor } from './support/process.mjs';

after(endPrograms);

for (const mode of [['-watch'], ['-interval', '1']]) {
  describe(`commands and folders, ${mode.join(' ')}`, { timeout: 900_000 }, () => {
    let etcd;
    before(async () => (etcd = await startEtcd()));
    after(() => etcd.stop());

    /** An agent on one resource that renders /app/value. */
    async function agentWith(fields, args = mode) {
      await etcd.put('/app/value', 'one');
      const folder = confdir({ 'templates/app.tmpl': '{{getv "/app/value"}}' });
      const at = (name) => join(folder, name);
      const commands = Object.fromEntries(
        Object.entries(fields).map(([name, text]) => [name, text.replaceAll('@', folder)]),
      );
      confdir(
        { 'conf.d/app.toml': resource({ src: 'app.tmpl', dest: at('out/app.conf'), keys: ['/app'], ...commands }) },
        folder,
      );
      const agent = startConfd(folder, ['-backend', 'etcd', '-node', etcd.url, ...args]);
      return {
        ...agent,
        at,
        lines: (name) => (slurp(at(name)) ?? '').split('\n').length - 1,
        holds: (value, name = 'out/app.conf', ms = 120_000) =>
          waitFor(
            () => `${value} in ${name}, have ${slurp(at(name))}\n${agent.output()}`,
            () => slurp(at(name)) === value,
            ms,
          ),
      };
    }

    test('a failed reload is tried again until it works, then never more', async () => {
      const agent = await agentWith({ reload_cmd: 'echo x >>@/tries; test $(wc -l <@/tries) -gt 3' });
      await waitFor(
        () => `four tries\n${agent.output()}`,
        () => agent.lines('tries') >= 4,
        180_000,
      );
      await sleep(4000);
      assert.equal(agent.lines('tries'), 4);
      assert.equal(await agent.stop(), 0);
    });

    test('a failed check keeps the old file and is tried again until it works', async () => {
      const agent = await agentWith({ check_cmd: 'test ! -e @/broken', reload_cmd: 'echo x >>@/reloads' });
      await agent.holds('one');
      writeFileSync(agent.at('broken'), '');
      await etcd.put('/app/value', 'two');
      await waitFor('a refusal', () => /ERROR Config check failed/.test(agent.output()));
      await sleep(500);
      assert.equal(slurp(agent.at('out/app.conf')), 'one');
      rmSync(agent.at('broken'));
      await agent.holds('two', 'out/app.conf', 180_000);
      await waitFor('a second reload', () => agent.lines('reloads') === 2);
      assert.equal(await agent.stop(), 0);
    });

    test('a burst of writes: the last one arrives, with few reloads', async () => {
      const agent = await agentWith({ reload_cmd: 'echo x >>@/reloads; sleep 0.3' });
      await agent.holds('one');
      const from = performance.now();
      for (let n = 1; n <= 400; n += 1) await etcd.put('/app/value', `burst ${n}`);
      await agent.holds('burst 400');
      await sleep(800);
      assert.equal(slurp(agent.at('out/app.conf')), 'burst 400');
      // One after the other, and the first one and the last one besides.
      const most = (performance.now() - from) / 300 + 2;
      assert.ok(agent.lines('reloads') <= most, `${agent.lines('reloads')} reloads, ${most} are possible`);
      assert.equal(await agent.stop(), 0);
    });

    test('a write while the reload runs is not lost', async () => {
      const agent = await agentWith({ reload_cmd: 'echo x >>@/reloads; sleep 1' });
      await waitFor('a reload', () => agent.lines('reloads') === 1);
      await etcd.put('/app/value', 'meanwhile');
      await agent.holds('meanwhile');
      assert.equal(await agent.stop(), 0);
    });

    test('conf.d and templates edited while it runs', async () => {
      const slow = mode[0] === '-watch' ? mode : ['-interval', '600'];
      const agent = await agentWith({}, slow);
      await agent.holds('one');
      writeFileSync(agent.at('templates/app.tmpl'), 'v2 {{getv "/app/value"}}');
      await agent.holds('v2 one');
      writeFileSync(agent.at('conf.d/bad.toml'), '[template\n');
      writeFileSync(
        agent.at('conf.d/more.toml'),
        resource({ src: 'app.tmpl', dest: agent.at('out/more.conf'), keys: ['/app'], mode: '0600' }),
      );
      await agent.holds('v2 one', 'out/more.conf');
      await waitFor('a word on bad.toml', () => agent.output().includes('bad.toml'));
      rmSync(agent.at('conf.d/bad.toml'));
      rmSync(agent.at('conf.d/more.toml'));
      // From when on it is forgotten nobody tells: each new text comes to one file only, once it is.
      for (let version = 3; ; version += 1) {
        rmSync(agent.at('out/more.conf'), { force: true });
        writeFileSync(agent.at('templates/app.tmpl'), `v${version} {{getv "/app/value"}}`);
        await agent.holds(`v${version} one`);
        await sleep(300);
        if (slurp(agent.at('out/more.conf')) === undefined) break;
        assert.ok(version < 100, 'a resource that is gone is still written');
      }
      assert.equal(await agent.stop(), 0);
    });

    test('HUP reads everything again and ends nothing', async () => {
      const agent = await agentWith({});
      await agent.holds('one');
      writeFileSync(agent.at('out/app.conf'), 'by hand');
      agent.signal('SIGHUP');
      await agent.holds('one');
      assert.equal(await agent.stop('SIGINT'), 0);
    });

    test('TERM during a slow reload: it is finished, then the agent ends with 0', async () => {
      const agent = await agentWith({ reload_cmd: 'echo begun >>@/begun; sleep 2; echo done >>@/done' });
      await waitFor('the reload', () => agent.lines('begun') === 1);
      agent.signal('SIGTERM');
      assert.equal(await agent.ended, 0);
      assert.equal(agent.lines('done'), 1, agent.output());
    });
  });
}
