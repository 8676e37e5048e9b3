// The README's first resource, the check that conf.d/nginx.toml suggests, and the rights that the systemd unit leaves to
// them, on a copy of the /etc/nginx of Debian: all taken from the files as they are printed.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { confd, confdir, root, slurp, stageFiles } from './support/confd.mjs';
import { freePort } from '../helpers/port.mjs';
import { startServer } from './support/nginx.mjs';
import { endPrograms, run, scratch, start, waitFor } from './support/process.mjs';

after(endPrograms);

const skip = process.getuid() !== 0 && 'Debian’s nginx.conf is for root';
const read = (path) => readFileSync(join(root, path), 'utf8');
const blocks = [...read('README.md').matchAll(/```(\w*)\n([^]*?)```/g)];
const first = blocks.findIndex(([, language]) => language === 'toml');
const withoutReload = ({ resource, template }) => ({ resource: resource.replace(/^reload_cmd.*$/m, ''), template });
const example = { resource: blocks[first][2], template: blocks[first + 1][2] };
const sample = {
  resource: read('conf.d/nginx.toml')
    .replace(/^check_cmd = .*$/m, '')
    .replace(
      /^# (check_cmd = '''\n)((?:# .*\n)*)# '''$/m,
      (_, head, lines) => `${head}${lines.replace(/^# /gm, '')}'''`,
    )
    .replace(/^dest = .*$/m, 'dest = "/etc/nginx/sites-enabled/app.conf"')
    .replace(/^reload_cmd = .*$/m, ''),
  template: read('templates/nginx.tmpl'),
};

/** /etc/nginx somewhere else, without sites; `more` are further files in it. */
function etcNginx(more = {}) {
  const folder = scratch('etc-nginx');
  const etc = join(folder, 'nginx');
  cpSync('/etc/nginx', etc, { recursive: true, dereference: true });
  rmSync(join(etc, 'sites-enabled/default'), { force: true });
  const main = join(etc, 'nginx.conf');
  const here = (text) => text.replaceAll('/etc/nginx', etc).replaceAll('/run/nginx.pid', join(folder, 'nginx.pid'));
  writeFileSync(main, here(readFileSync(main, 'utf8')).replaceAll('/var/log/nginx', folder));
  for (const [path, text] of Object.entries(more)) {
    mkdirSync(join(etc, path, '..'), { recursive: true });
    writeFileSync(join(etc, path), text);
  }
  return { folder, etc, main, here, dest: join(etc, 'sites-enabled/app.conf') };
}

/** Renders what the environment says with a resource, once; `command` stands in front of confd. */
async function render(home, { resource, template }, servers, command = []) {
  const reload = `/usr/sbin/nginx -c ${home.main} -s reload && echo reload >>${home.folder}/reloads`;
  const folder = confdir({
    'conf.d/nginx.toml': home.here(resource).replace('/usr/sbin/service nginx reload', reload),
    'templates/nginx.tmpl': template,
  });
  const env = { ...process.env, ...Object.fromEntries(servers.map((text, i) => [`SERVICES_APACHE_${i}`, text])) };
  const [program, ...args] = [...command, confd, '-onetime', '-backend', 'env', '-confdir', folder];
  const { code, output } = await run(program, args, { env });
  // Nothing that a check makes is left behind.
  assert.deepEqual(
    readdirSync(home.etc).filter((name) => name.startsWith('check.')),
    [],
  );
  assert.deepEqual(stageFiles(join(home.etc, 'sites-enabled')), []);
  return { code, output };
}

const proxyTo = (port) => `server { listen 127.0.0.1:${port}; location / { proxy_pass http://apache_pool; } }\n`;

describe('the README’s first resource', { skip, timeout: 120_000 }, () => {
  test('its check is none that a fragment cannot pass, nor one that looks at the old file', () => {
    assert.match(example.resource, /check_cmd = '''\n[^]*nginx -t [^]*'''/);
    assert.match(sample.resource, /check_cmd = '''\n[^]*nginx -t [^]*'''/);
  });

  test('a good file is put in place and comes into force; a bad one does neither', async () => {
    const port = await freePort();
    const home = etcNginx({ 'conf.d/front.conf': proxyTo(port) });
    const [one, two] = [await startServer('one'), await startServer('two')];
    const answer = async () => (await run('curl', ['-sf', `http://127.0.0.1:${port}/`])).output.trim();
    const before = await render(home, withoutReload(example), [one.address]);
    assert.equal(before.code, 0, before.output);
    const nginx = start('/usr/sbin/nginx', ['-c', home.main, '-g', 'daemon off;']);
    await waitFor('nginx', async () => (await answer()) === 'one');

    const { code, output } = await render(home, example, [two.address]);
    assert.equal(code, 0, output);
    await waitFor('the new server', async () => (await answer()) === 'two');

    const good = slurp(home.dest);
    for (const bad of ['127.0.0.1:1; garbage {', '127.0.0.1:99999', '127.0.0.1:1;} server {', 'no such host']) {
      const refused = await render(home, example, [bad]);
      assert.equal(refused.code, 1, `${bad}\n${refused.output}`);
      assert.match(refused.output, /ERROR Config check failed/);
      assert.equal(slurp(home.dest), good);
    }
    assert.equal(slurp(join(home.folder, 'reloads')), 'reload\n');
    await nginx.stop();
    await one.stop();
    await two.stop();
  });

  test('where nginx.conf does not include the folder, nothing would be judged, so it is refused', async () => {
    const home = etcNginx();
    writeFileSync(home.main, slurp(home.main).replace(/.*sites-enabled.*\n/, ''));
    const { code } = await render(home, example, ['127.0.0.1:1']);
    assert.deepEqual([code, slurp(home.dest)], [1, undefined]);
  });

  test('what the file includes is looked for where it will be', async () => {
    const home = etcNginx({ 'snippets/pool.conf': 'keepalive 4;\n' });
    const template = example.template.replace(/^}$/m, '    include snippets/pool.conf;\n}');
    const { code, output } = await render(home, withoutReload({ ...example, template }), ['127.0.0.1:1']);
    assert.equal(code, 0, output);
    const missing = await render(etcNginx(), { ...example, template }, ['127.0.0.1:1']);
    assert.equal(missing.code, 1);
    assert.match(missing.output, /snippets\/pool.conf/);
  });
});

describe('the check that conf.d/nginx.toml suggests', { skip, timeout: 120_000 }, () => {
  const format = /# (log_format [^;]*)\n *# *([^;]*;)/.exec(sample.template).slice(1).join(' ');
  const onPort = (port) =>
    sample.template.replace('listen 80 ', `listen 127.0.0.1:${port} `).replace(/.*listen \[::\]:80.*\n/, '');

  test('judges the shipped template inside the whole configuration', async () => {
    const template = onPort(await freePort());
    const home = etcNginx({ 'conf.d/format.conf': `${format}\n` });
    const { code, output } = await render(home, { ...sample, template }, ['127.0.0.1:1']);
    assert.equal(code, 0, output);
    // The access log's format is in another file: without it the part is wrong.
    const missing = await render(etcNginx(), { ...sample, template }, ['127.0.0.1:1']);
    assert.equal(missing.code, 1);
    assert.match(missing.output, /unknown log format/);
  });

  /** The systemd unit's limits, as far as setpriv can set them. */
  const unit = read('packaging/confd.service');
  const bounds = /^CapabilityBoundingSet=~(.*)$/m.exec(unit)[1].split(' ');
  const limited = (taken) => [
    'setpriv',
    `--bounding-set=${taken.map((name) => `-${name.replace('CAP_', '').toLowerCase()}`).join(',')}`,
    ...(/^NoNewPrivileges=yes$/m.test(unit) ? ['--no-new-privs'] : []),
  ];

  test('works with the rights that the systemd unit leaves, on a port below 1024', async (t) => {
    if (Number(slurp('/proc/sys/net/ipv4/ip_unprivileged_port_start')) < 1024) return t.skip('every port is free here');
    const template = onPort(await lowPort());
    const home = etcNginx({ 'conf.d/format.conf': `${format}\n` });
    const { code, output } = await render(home, { ...sample, template }, ['127.0.0.1:1'], limited(bounds));
    assert.equal(code, 0, output);
    const fewer = limited([...bounds, 'CAP_NET_BIND_SERVICE']);
    const refused = await render(home, { ...sample, template }, ['127.0.0.1:2'], fewer);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /Permission denied/);
  });
});

/** A port below 1024 on which nobody listens. */
async function lowPort() {
  for (let port = 1000; ; port -= 1) {
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (isFree) return port;
  }
}
