import type { Logger } from '../../obs/log.ts';
import { type Backend, type Cursor, readSnapshot, resync, type SessionItem } from '../contract/backend.ts';
import { type EtcdSettings, etcdBackend } from './v2.ts';
import { askForV2, isApiMissing, mayBeGrpcOnly } from './api.ts';
import { HttpClient } from '../net/http.ts';
import { isOfV3 } from './v3-cursor.ts';

/**
 * An etcd of any version: the v2 API is used if the node offers it, else v3. Connects to nothing before the first read.
 */
export async function eitherEtcd(settings: EtcdSettings, log: Logger): Promise<Backend> {
  // Invalid settings are an error at once.
  (await HttpClient.create(settings)).close();
  return new EitherEtcd(settings, log);
}

interface Chosen {
  readonly api: 'v2' | 'v3';
  readonly backend: Backend;
}

/** The API is chosen when a node answers, and again when the store no longer offers it. */
class EitherEtcd implements Backend {
  readonly name = 'etcd';
  readonly canWatch = true;
  readonly selects = 'subtree';
  private chosen: Chosen | null = null;

  constructor(
    private readonly settings: EtcdSettings,
    private readonly log: Logger,
  ) {}

  async *open(keys: readonly string[], signal: AbortSignal, after?: Cursor): AsyncGenerator<SessionItem, void> {
    const isFirst = this.chosen === null;
    const { api, backend } = await this.choose(signal);
    if (after !== undefined && api === 'v2' && isOfV3(after)) {
      yield resync;
      return;
    }
    let isBeginning = after === undefined;
    try {
      for await (const item of backend.open(keys, signal, after)) {
        const hasNothing = item.kind === 'snapshot' && item.pairs.size === 0;
        if (hasNothing && isFirst && api === 'v2') await this.readFromV3(keys, signal);
        isBeginning = false;
        yield item;
      }
      return;
    } catch (error) {
      if (!isApiMissing(error) || (isBeginning && isFirst)) throw error;
      await this.close();
      if (!isBeginning) throw error;
    }
    yield* this.open(keys, signal);
  }

  /** Frees the connections and forgets the chosen API. */
  async close(): Promise<void> {
    const { chosen } = this;
    this.chosen = null;
    await chosen?.backend.close();
  }

  /** Tells an operator who writes by v3 and reads by v2 why there are no keys. */
  private async readFromV3(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const v3 = await openV3(this.settings);
    try {
      if ((await readSnapshot(v3, keys, signal)).pairs.size === 0) return;
      this.log.warning(
        'The v2 API of etcd has none of the keys, but the v3 API has some; use -backend etcdv3 to read them',
      );
    } catch {
      // There is no v3 API, or no permission to use it.
      signal.throwIfAborted();
    } finally {
      await v3.close();
    }
  }

  private async choose(signal: AbortSignal): Promise<Chosen> {
    const known = this.chosen;
    if (known !== null) return known;
    const { api, why } = await this.ask(signal);
    const backend = await (api === 'v2' ? etcdBackend(this.settings) : openV3(this.settings));
    if (this.chosen !== null) {
      // Another caller was faster.
      await backend.close();
      return this.chosen;
    }
    this.chosen = { api, backend };
    this.log.info(`Using the ${api} API of etcd: ${why}`);
    return this.chosen;
  }

  private async ask(signal: AbortSignal): Promise<{ readonly api: Chosen['api']; readonly why: string }> {
    const http = await HttpClient.create(this.settings);
    try {
      const { node, isThere } = await askForV2(http, signal);
      return isThere
        ? { api: 'v2', why: `${node} offers the v2 API` }
        : { api: 'v3', why: `${node} does not offer the v2 API` };
    } catch (error) {
      signal.throwIfAborted();
      const { offersV3 } = await import('./v3.ts');
      if (!mayBeGrpcOnly(error) || !(await offersV3(this.settings, signal))) throw error;
      return { api: 'v3', why: 'the node answers over gRPC only' };
    } finally {
      http.close();
    }
  }
}

async function openV3(settings: EtcdSettings): Promise<Backend> {
  const { etcd3Backend } = await import('./v3.ts');
  return etcd3Backend(settings);
}
