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

/** The identity of a server; everything is optional. */
export interface Identity {
  /** Default: 'default'. */
  readonly name?: string;
  /** What /v2/machines shows; by default the addresses that it listens on. */
  readonly clientUrls?: readonly string[];
  readonly peerUrls?: readonly string[];
  /** Origins whose web pages may use the store; none by default, '*' for all. */
  readonly cors?: readonly string[];
  readonly limits?: ServerLimits;
  /** What /v2/admin/config shows until a client changes it. */
  readonly cluster?: ClusterSettings;
  /** The command line for /debug/vars. */
  readonly cmdline?: readonly string[];
  /** Called when a client changes the log level. */
  readonly setVerbose?: (verbose: boolean) => void;
}

/** A single-node etcd in this process: one store on any number of addresses. */
export class MiniEtcd {
  readonly keyspace: Keyspace;
  private readonly front: Listener;
  private readonly stopping = new AbortController();
  private readonly sweeping: Promise<void>;
  private site: ServerContext;

  /** Without a disk the store is in memory only; closing the server closes the disk. */
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

  /** Aborted when the server closes: users of the store in this process should stop. */
  get stopped(): AbortSignal {
    return this.stopping.signal;
  }

  /** The body of /metrics. */
  metrics(): string {
    return metricsText(this.site);
  }

  /** What its clients use at the moment. */
  get load(): Readonly<Load> {
    return this.site.load;
  }

  /** The URLs of the server. */
  get urls(): readonly string[] {
    return this.front.urls;
  }

  /**
   * Listens on all addresses or none, over TLS if there are files. Throws ListenError, which names what cannot be used.
   */
  async listen(addresses: readonly Address[], tls?: ServerTlsFiles): Promise<void> {
    await this.front.listen(addresses, tls);
    const { member } = this.site;
    if (member.clientUrls.length === 0) this.site = { ...this.site, member: { ...member, clientUrls: this.urls } };
  }

  /** Reads the TLS files again, for new connections. Throws ListenError; then the old ones stay in use. */
  async reloadTls(): Promise<void> {
    await this.front.reload();
  }

  /**
   * Reloads the TLS files whenever they change, until closed; `report` is called each time, with the error if there is
   * one.
   */
  async followTls(report: (error?: ListenError) => void): Promise<void> {
    await this.front.follow(this.keyspace.clock, this.stopping.signal, report);
  }

  /** `report` is called with the reason when a client is refused because of its certificate. */
  onRefusedClient(report: (why: string) => void): void {
    this.front.onRefusedClient = report;
  }

  /** Stops listening, ends open polls, and gives other answers a second to finish; may be called twice. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('mini-etcd is stopping'));
    this.keyspace.endWatches();
    await Promise.all([this.sweeping, this.front.close()]);
    await this.disk?.close();
  }
}
