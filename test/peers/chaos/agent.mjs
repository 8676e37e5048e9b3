// The agent of the chaos run: the real program, with commands that write down what they were called for.
import { appendFileSync, createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { confdir, resource, slurp, stageFiles, startConfd } from '../support/confd.mjs';
import { resources } from './resources.mjs';

const ticksPerSecond = 100;
const pageBytes = 4096;

export class Watched {
  starts = 0;
  /** Seconds of CPU of the processes that have ended. */
  spent = 0;
  mostBytes = 0;
  complaints = 0;
  /** Reloads that an end of the agent left unmade: kill -9 between swap and reload, or a reload owed at the end. */
  forgotten = new Set();

  constructor(backend, url, more) {
    this.words = ['-watch', '-interval', '7200', '-backend', backend, '-node', url, ...more];
    this.folder = confdir({});
    for (const made of ['checks', 'reloads']) mkdirSync(join(this.folder, made));
    for (const [name, { keys, template, prefix }] of resources) {
      const note = (kind, file) => `test ! -e ${this.path('broken')} && md5sum < ${file} >> ${this.path(kind, name)}`;
      const fields = {
        src: `${name}.tmpl`,
        dest: this.path('out', name),
        keys,
        ...(prefix === undefined ? {} : { prefix }),
      };
      const commands = { check_cmd: note('checks', '{{.src}}'), reload_cmd: note('reloads', '{{.dest}}') };
      writeFileSync(this.path('conf.d', `${name}.toml`), resource({ ...fields, ...commands }));
      writeFileSync(this.path('templates', `${name}.tmpl`), template);
    }
    this.log = createWriteStream(this.path('log'));
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  start() {
    this.starts += 1;
    this.program = startConfd(this.folder, this.words);
  }

  /** Ends it as told; a check whose swap was not made is made again by the next one. */
  async end(signal) {
    this.sample();
    const code = await this.program.stop(signal);
    this.spent += this.cpu;
    this.cpu = 0;
    const said = this.program.output();
    const owes = signal === 'SIGKILL' || said.includes('a reload is still owed');
    this.keepLog();
    for (const kind of owes ? ['checks', 'reloads'] : ['checks']) {
      for (const name of resources.keys()) appendFileSync(this.path(kind, name), 'ended\n');
    }
    // Before it has begun, a signal ends it as it ends every program.
    if (code === signal && said === '') return;
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the agent ended with ${code}`);
  }

  /** Check and reload commands fail from now on, or work again. */
  break(broken) {
    if (broken) writeFileSync(this.path('broken'), '');
    else rmSync(this.path('broken'), { force: true });
  }

  /** Reads CPU and memory of the process that runs now. */
  sample() {
    if (!this.program.alive()) return;
    const fields = readFileSync(`/proc/${this.program.pid}/stat`, 'latin1').split(') ')[1].split(' ');
    this.cpu = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    this.mostBytes = Math.max(this.mostBytes, Number(fields[21]) * pageBytes);
  }

  get cpuSeconds() {
    this.sample();
    return this.spent + (this.cpu ?? 0);
  }

  /** Moves what the agent has said so far to the file `log`. */
  keepLog() {
    const text = this.program.output();
    this.program.forget();
    this.log.write(text);
    this.complaints += text.match(/ (ERROR|WARNING) /g)?.length ?? 0;
    if (text.includes('s3cret')) throw new Error('a value stands in the log');
    if (text.includes('Internal error')) throw new Error('the agent speaks of an internal error');
  }

  /** The files that do not say what they should. */
  wrong(content) {
    return [...resources].flatMap(([name, { expected }]) => {
      const text = Buffer.from(slurp(this.path('out', name)) ?? '(missing)', 'latin1').toString();
      return text === expected(content) ? [] : [{ name, text, expected: expected(content) }];
    });
  }

  /** What the commands wrote down that cannot be right, in a quiet moment. */
  faults() {
    const found = stageFiles(this.path('out')).map((name) => `stage file ${name} is left`);
    for (const name of resources.keys()) {
      const lines = (kind) => (slurp(this.path(kind, name)) ?? '').split('\n').filter((line) => line !== '');
      const checks = lines('checks');
      const reloads = lines('reloads');
      const changes = checks.filter((line, n) => line !== 'ended' && line !== checks[n - 1]);
      const again = checks.filter((line, n) => line !== 'ended' && line === checks[n - 1]).length;
      if (again > 0) found.push(`${name}: ${again} checks of content that was checked before`);
      const made = reloads.filter((line) => line !== 'ended').length;
      if (made > changes.length) found.push(`${name}: ${made} reloads for ${changes.length} changes`);
      const now = createHash('md5')
        .update(Buffer.from(slurp(this.path('out', name)) ?? '', 'latin1'))
        .digest('hex');
      if (!reloads.at(-1)?.startsWith(now)) {
        if (reloads.at(-1) === 'ended') this.forgotten.add(`${name} ${reloads.length}`);
        else found.push(`${name}: its last change was not reloaded`);
      }
    }
    return found;
  }

  count(kind) {
    const lines = [...resources.keys()].flatMap((name) => (slurp(this.path(kind, name)) ?? '').split('\n'));
    return lines.filter((line) => line !== '' && line !== 'ended').length;
  }
}
