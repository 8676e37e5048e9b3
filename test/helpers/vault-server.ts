import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A secret of a KV engine of version 2. */
interface Versioned {
  readonly created: string;
  readonly versions: { data: string | null; created: string; deleted: string; destroyed: boolean }[];
}

interface FakeToken {
  readonly ttl: number;
  readonly renewable: boolean;
  /** Seconds, from now, over which it cannot be renewed. */
  readonly maxTtl: number;
  readonly born: number;
  until: number;
  /** What it may do; everything when left out. */
  readonly may?: (method: 'list' | 'read', path: string) => boolean;
}

interface FakeLease {
  readonly token: string;
  until: number;
  readonly maxUntil: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const notFound: Answer = { status: 404, body: { errors: [] } };
const denied: Answer = { status: 403, body: { errors: ['permission denied'] } };

/** How the server ends TLS. */
export interface FakeTls {
  readonly cert: string;
  readonly key: string;
  /** CA of clients, who must have a certificate then. */
  readonly ca?: string;
}

/**
 * The part of Vault that confd uses, as Vault 1.13 and OpenBao answer: KV of both versions at secret/ and app/ (2), kv/ (1) and
 * team/a/kv2/ (2), an engine with leases at database/, the logins, tokens and leases that end, a seal. Time is that of `now`.
 */
export class FakeVault {
  readonly kv1 = new Map<string, string>();
  readonly kv2 = new Map<string, Versioned>();
  /** By path, what "METHOD path" was asked. */
  readonly asked: string[] = [];
  readonly tokens = new Map<string, FakeToken>();
  readonly leases = new Map<string, FakeLease>();
  /** How new tokens are. */
  issue: Pick<FakeToken, 'ttl' | 'renewable' | 'maxTtl' | 'may'> = { ttl: 3600, renewable: true, maxTtl: 1e9 };
  /** Bodies that log in, by path. */
  readonly logins = new Map<string, string>();
  isSealed = false;
  /** Answers before anything else does. */
  intercept: (path: string, response: ServerResponse) => boolean = () => false;
  /** The life of a lease of database/ and how long it can be renewed, in seconds. */
  lease = { duration: 60, max: 1e9 };
  minted = 0;
  private readonly server: Server;
  private serial = 0;

  private constructor(
    tls: FakeTls | undefined,
    private readonly now: () => number,
  ) {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.serve(request, response);
    this.server =
      tls === undefined
        ? createServer(serve)
        : createSecureServer({ ...tls, requestCert: tls.ca !== undefined }, serve);
  }

  static async start(now: () => number = Date.now, tls?: FakeTls): Promise<FakeVault> {
    const vault = new FakeVault(tls, now);
    vault.tokens.set('root', { ttl: 0, renewable: false, maxTtl: 0, born: 0, until: Infinity });
    await new Promise<void>((resolve) => vault.server.listen(0, '127.0.0.1', resolve));
    return vault;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A token with the properties of `issue`. */
  token(name: string): string {
    const { now } = this;
    const born = now();
    this.tokens.set(name, { ...this.issue, born, until: born + this.issue.ttl * 1000 });
    return name;
  }

  /** Writes a version; path is mount and name. Data is JSON text. */
  put(path: string, data: string): void {
    if (path.startsWith('kv/')) this.kv1.set(path, data);
    else {
      const created = new Date(this.now()).toISOString() + String(++this.serial);
      const known = this.kv2.get(path) ?? { created, versions: [] };
      known.versions.push({ data, created, deleted: '', destroyed: false });
      this.kv2.set(path, known);
    }
  }

  /** Takes the newest version away. */
  deleteVersion(path: string): void {
    this.kv2.get(path)!.versions.at(-1)!.deleted = new Date(this.now()).toISOString();
  }

  cut(): void {
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url!, 'http://x');
    const path = Buffer.from(decodeURIComponent(url.pathname.replace(/^\/v1\//, '')), 'utf8').toString();
    const isList = url.searchParams.get('list') === 'true';
    const method = isList ? 'LIST' : request.method!;
    this.asked.push(`${method} ${path}`);
    if (this.intercept(path, response)) return;
    await pause(0);
    const token = String(request.headers['x-vault-token'] ?? '');
    const answer = this.isSealed
      ? { status: 503, body: { errors: ['Vault is sealed'] } }
      : this.answer(method, path, body, token);
    const text = answer.body === undefined ? '' : serialized(answer.body);
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(text);
  }

  private answer(method: string, path: string, body: string, token: string): Answer {
    if (/^auth\/[^]+\/login(\/|$)/.test(path)) return this.logIn(path, body);
    const held = this.tokens.get(token);
    if (held === undefined || held.until <= this.now()) return denied;
    if (path === 'auth/token/lookup-self') {
      const ttl = held.until === Infinity ? 0 : Math.ceil((held.until - this.now()) / 1000);
      return { status: 200, body: { data: { ttl, renewable: held.renewable } } };
    }
    if (path === 'auth/token/renew-self') return this.renewToken(held);
    if (path === 'sys/leases/renew') return this.renewLease((JSON.parse(body) as { lease_id: string }).lease_id);
    if (path.startsWith('sys/internal/ui/mounts/')) return mountOf(path.slice('sys/internal/ui/mounts/'.length));
    if (held.may?.(method === 'LIST' ? 'list' : 'read', path) === false) return denied;
    if (path.startsWith('kv/') || path === 'kv') return this.kvOne(method, path);
    if (path.startsWith('database/')) return this.mint(method, token);
    return this.kvTwo(method, path);
  }

  private logIn(path: string, body: string): Answer {
    const wanted = this.logins.get(path);
    if (wanted === undefined) return { status: 404, body: { errors: ['no handler for route'] } };
    if (wanted !== body) return { status: 400, body: { errors: ['invalid credentials'] } };
    const token = this.token(`s.${++this.serial}`);
    const { ttl, renewable } = this.issue;
    return { status: 200, body: { auth: { client_token: token, lease_duration: ttl, renewable } } };
  }

  private renewToken(held: FakeToken): Answer {
    if (!held.renewable) return { status: 400, body: { errors: ['lease is not renewable'] } };
    const most = held.born + held.maxTtl * 1000;
    held.until = Math.min(this.now() + held.ttl * 1000, most);
    const seconds = Math.max(0, Math.floor((held.until - this.now()) / 1000));
    return { status: 200, body: { auth: { lease_duration: seconds, renewable: true } } };
  }

  private renewLease(id: string): Answer {
    const lease = this.leases.get(id);
    if (lease === undefined || lease.until <= this.now()) return { status: 400, body: { errors: ['lease not found'] } };
    lease.until = Math.min(this.now() + this.lease.duration * 1000, lease.maxUntil);
    const seconds = Math.max(0, Math.floor((lease.until - this.now()) / 1000));
    return { status: 200, body: { lease_id: id, lease_duration: seconds, renewable: true } };
  }

  private mint(method: string, token: string): Answer {
    if (method === 'LIST')
      return { status: 405, body: { errors: ['1 error occurred:\n\t* unsupported operation\n\n'] } };
    const id = `database/creds/${++this.minted}`;
    const { duration, max } = this.lease;
    this.leases.set(id, { token, until: this.now() + duration * 1000, maxUntil: this.now() + max * 1000 });
    const data = { username: `user-${this.minted}`, password: `made-${this.minted}` };
    return { status: 200, body: { lease_id: id, renewable: true, lease_duration: duration, data } };
  }

  private kvOne(method: string, path: string): Answer {
    if (method === 'LIST') return listOf([...this.kv1.keys()], path);
    const data = this.kv1.get(path);
    return data === undefined ? notFound : { status: 200, body: { lease_duration: 2764800, data: new Raw(data) } };
  }

  private kvTwo(method: string, path: string): Answer {
    const match = /^(secret|app|team\/a\/kv2)\/(data|metadata)(\/|$)/.exec(path);
    if (match === null) {
      const warnings = ['Invalid path for a versioned K/V secrets engine.'];
      return /^(secret|app|team\/a\/kv2)\//.test(path)
        ? { status: 404, body: { data: null, warnings } }
        : { status: 404, body: { errors: [`no handler for route "${path}". route entry not found.`] } };
    }
    const [whole, mount, kind] = match;
    const name = `${mount}/${path.slice(whole.length)}`;
    if (method === 'LIST')
      return kind === 'metadata' ? listOf([...this.kv2.keys()], name.replace(/\/$/, '')) : notFound;
    const secret = this.kv2.get(name);
    if (secret === undefined) return notFound;
    return kind === 'data' ? dataOf(secret) : metadataOf(secret);
  }
}

/** JSON text that goes out as it is. */
class Raw {
  constructor(readonly text: string) {}
}

function serialized(body: unknown): string {
  const raws: string[] = [];
  const text = JSON.stringify(body, (_key, value: unknown) =>
    value instanceof Raw ? `\0raw${raws.push(value.text) - 1}\0` : value,
  );
  return text.replace(/"\\u0000raw(\d+)\\u0000"/g, (_all, at: string) => raws[Number(at)]!);
}

function mountOf(path: string): Answer {
  const mounts = { 'secret/': '2', 'app/': '2', 'kv/': '1', 'team/a/kv2/': '2', 'database/': '' };
  for (const [mount, version] of Object.entries(mounts)) {
    if (!`${path}/`.startsWith(mount)) continue;
    const type = version === '' ? 'database' : 'kv';
    return { status: 200, body: { data: { path: mount, type, options: version === '' ? null : { version } } } };
  }
  return { status: 403, body: { errors: ['preflight capability check returned 403'] } };
}

function listOf(names: readonly string[], folder: string): Answer {
  const below = names.filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1));
  const keys = [...new Set(below.map((name) => name.replace(/\/.*$/s, '/')))].sort();
  return keys.length === 0 ? notFound : { status: 200, body: { data: { keys } } };
}

function dataOf({ versions }: Versioned): Answer {
  const newest = versions.at(-1)!;
  const metadata = {
    ...{ created_time: newest.created, custom_metadata: null, deletion_time: newest.deleted },
    ...{ destroyed: newest.destroyed, version: versions.length },
  };
  if (newest.deleted !== '') return { status: 404, body: { data: { data: null, metadata } } };
  return { status: 200, body: { data: { data: new Raw(newest.data!), metadata } } };
}

function metadataOf({ versions, created }: Versioned): Answer {
  const entries = versions.map(({ created: created_time, deleted: deletion_time, destroyed }, i) => {
    return [String(i + 1), { created_time, deletion_time, destroyed }] as const;
  });
  const data = {
    ...{ created_time: created, current_version: versions.length, custom_metadata: null },
    versions: Object.fromEntries(entries),
  };
  return { status: 200, body: { data } };
}
