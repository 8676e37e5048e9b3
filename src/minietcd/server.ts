import type { Clock } from '../obs/clock.ts';
import type { Address, ListenError } from './http/net/address.ts';
import { defaultCluster } from './http/admin/cluster.ts';
import type { Storage } from './storage/storage.ts';
import { createMeta } from './storage/data-directory.ts';
import { Listener } from './http/net/listener.ts';
import { answer } from './http/router.ts';
import { HttpStats } from './http/net/http-stats.ts';
import { Keyspace } from './state/keyspace.ts';
import { Load, defaultServerLimits, type ServerLimits } from './http/net/limits.ts';
import { metricsText } from './http/admin/metrics.ts';
import type { ClusterSettings, ServerContext } from './http/net/server-context.ts';
import type { ServerTlsFiles } from './http/net/tls.ts';

/** How a server presents itself; whatever is left out gets a default. */
export interface Identity {
  /** 'default' */
  readonly name?: string;
  /** What /v2/machines says; without it, the addresses that it listens on. */
  readonly clientUrls?: readonly string[];
  readonly peerUrls?: readonly string[];
  /** Origins whose pages may use the store from a browser; none, and '*' for all. */
  readonly cors?: readonly string[];
  readonly limits?: ServerLimits;
  /** What /v2/admin/config shows until someone sets it. */
  readonly cluster?: ClusterSettings;
  /** What /debug/vars shows of the command line. */
  readonly cmdline?: readonly string[];
  /** Called when a client asks for more or fewer log lines. */
  readonly setVerbose?: (verbose: boolean) => void;
}

/** A single-node etcd in this process: one store, served on any number of addresses. */
export class MiniEtcd {
  readonly keyspace: Keyspace;
  private readonly front: Listener;
  private readonly stopping = new AbortController();
  private readonly sweeping: Promise<void>;
  private site: ServerContext;

  /** Without a disk the store lives and dies with it; closing it closes the disk. */
  constructor(
    clock: Clock,
    identity: Identity = {},
    private readonly disk?: Storage,
  ) {
    this.keyspace = new Keyspace(clock, disk?.state, disk);
    const meta = disk?.meta ?? createMeta(identity.name ?? 'default', clock.now());
    const member = {
      name: meta.name,
      id: meta.memberId,
      clusterId: meta.clusterId,
      clientUrls: identity.clientUrls ?? [],
      peerUrls: identity.peerUrls ?? ['http://127.0.0.1:7001'],
      startedAt: clock.now(),
      raftTerm: this.keyspace.term,
    };
    const limits = identity.limits ?? defaultServerLimits;
    this.site = {
      keyspace: this.keyspace,
      member,
      cors: identity.cors ?? [],
      limits,
      load: new Load(limits),
      http: new HttpStats(),
      disk,
      cluster: identity.cluster ?? defaultCluster,
      cmdline: identity.cmdline ?? [],
      setVerbose: identity.setVerbose ?? (() => undefined),
    };
    this.front = new Listener(
      (req, res) => {
        answer(this.site, req, res);
      },
      limits,
      this.site.load,
    );
    this.sweeping = this.keyspace.sweep(this.stopping.signal);
  }

  /** Aborted once the server closes: whoever waits for the store in this process should give up. */
  get stopped(): AbortSignal {
    return this.stopping.signal;
  }

  /** The body of /metrics. */
  metrics(): string {
    return metricsText(this.site);
  }

  /** What its clients take at the moment. */
  get load(): Readonly<Load> {
    return this.site.load;
  }

  /** The URLs on which it answers. */
  get urls(): readonly string[] {
    return this.front.urls;
  }

  /** Serves all addresses or none, over TLS where there are files. Throws ListenError, which names what cannot be had. */
  async listen(addresses: readonly Address[], tls?: ServerTlsFiles): Promise<void> {
    await this.front.listen(addresses, tls);
    const { member } = this.site;
    if (member.clientUrls.length === 0) this.site = { ...this.site, member: { ...member, clientUrls: this.urls } };
  }

  /** Reads the files of TLS again, for connections to come. Throws ListenError, then the old ones stay in use. */
  async reloadTls(): Promise<void> {
    await this.front.reload();
  }

  /** Reloads the files of TLS whenever they change, until closed; told hears of each time, and what was wrong. */
  async followTls(told: (error?: ListenError) => void): Promise<void> {
    await this.front.follow(this.keyspace.clock, this.stopping.signal, told);
  }

  /** From now on, told hears why a client was refused for its certificate. */
  onStranger(told: (why: string) => void): void {
    this.front.onStranger = told;
  }

  /** Stops listening, ends open polls with what they have, and gives the rest a second to finish; twice is fine. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('mini-etcd is stopping'));
    this.keyspace.endWatches();
    await Promise.all([this.sweeping, this.front.close()]);
    await this.disk?.close();
  }
}
