// A real nginx with a folder of its own, in front of HTTP servers that can be started and stopped.
import { mkdirSync, readFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { join } from 'node:path';
import { root } from './confd.mjs';
import { freePort } from '../../helpers/port.mjs';
import { scratch, sleep } from './process.mjs';

/** The shipped template as a whole nginx.conf for this machine: own port, own logs, no root needed. */
function wholeConfig(port, folder) {
  const sample = readFileSync(join(root, 'templates/nginx.tmpl'), 'latin1')
    .replace('listen 80 default_server;', `listen 127.0.0.1:${port} default_server;`)
    .replace(/.*listen \[::\]:80.*\n/, '')
    .replace('/var/log/nginx/access.log', join(folder, 'access.log'))
    // As in the tutorials' template: a pool without servers is refused, so that the wrapper tries again.
    .replace(/\{\{- else \}\}[^]*?(?=\{\{- end \}\})/, '');
  const format = `'[$time_local] $remote_addr passed to: $upstream_addr: $request ' 'in $upstream_response_time s'`;
  return [
    process.getuid() === 0 ? 'user root;' : '',
    `worker_processes 2;\npid ${folder}/nginx.pid;\nerror_log ${folder}/error.log info;`,
    'events { worker_connections 512; }',
    `http {\nlog_format upstreamlog ${format};`,
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/tmp/${name};`),
    sample,
    '}\n',
  ].join('\n');
}

/** A folder for nginx: where its config goes, the template for it, and the commands that run it. */
export async function nginxHome() {
  const folder = scratch('nginx');
  mkdirSync(join(folder, 'tmp'));
  const port = await freePort();
  const dest = join(folder, 'nginx.conf');
  const nginx = `/usr/sbin/nginx -p ${folder} -e ${folder}/error.log`;
  return {
    folder,
    dest,
    url: `http://127.0.0.1:${port}/`,
    template: wholeConfig(port, folder),
    check: `${nginx} -t -c {{.src}}`,
    // The `service nginx reload` of a machine without services; one line per reload, to count them.
    reload: `test ! -e ${folder}/nginx.pid || { echo reload >>${folder}/reloads; ${nginx} -c ${dest} -s reload; }`,
    foreground: [...nginx.split(' '), '-c', dest, '-g', 'daemon off;'],
  };
}

/** An HTTP server that answers its own name, as the services behind the proxy do. */
export async function startServer(name) {
  const server = createServer((request, answer) => setTimeout(() => answer.end(`${name}\n`), 2));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function fetchOnce(url, agent) {
  return new Promise((done, fail) => {
    const call = get(url, { agent, timeout: 30_000 }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += chunk));
      // An answer that breaks off is a failure.
      answer.once('error', (error) => fail(new Error(`broke off: ${error.message}`)));
      answer.once('end', () => done({ status: answer.statusCode, body: body.trim() }));
    });
    call.once('timeout', () => call.destroy(new Error('no answer in 30 s')));
    call.once('error', fail);
  });
}

/** Requests in a steady flow, on kept and on fresh connections. */
export class Traffic {
  seen = new Map();
  failures = [];
  requests = 0;
  retried = 0;
  #going = true;
  #workers;

  constructor(url) {
    this.url = url;
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#workers = [0, 1, 2, 3].map((n) => this.#flow(n % 2 ? kept : new Agent({ keepAlive: false })));
  }

  async #flow(agent) {
    while (this.#going) {
      await this.#request(agent).catch((error) => this.failures.push(String(error)));
      await sleep(15);
    }
    agent.destroy();
  }

  async #request(agent) {
    this.requests += 1;
    // When nginx reloads it closes connections that wait for a request, kept and fresh ones alike, whoever asked it to:
    // a request that meets this gets no byte of an answer and may be sent again, as every HTTP client does.
    const again = (error) => {
      if (error.code !== 'ECONNRESET') throw error;
      this.retried += 1;
      return fetchOnce(this.url, false);
    };
    const answer = await fetchOnce(this.url, agent).catch(again).catch(again);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    this.seen.set(answer.body, (this.seen.get(answer.body) ?? 0) + 1);
  }

  /** Forgets who answered so far. */
  look() {
    this.seen.clear();
  }

  async end() {
    this.#going = false;
    await Promise.all(this.#workers);
  }
}
