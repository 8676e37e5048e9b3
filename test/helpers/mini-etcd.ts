import type { Clock } from '../../src/obs/clock.ts';
import { systemClock } from '../../src/obs/clock.ts';
import { type Identity, MiniEtcd } from '../../src/minietcd/server.ts';
import { exchange, parseStep, type Answer } from '../minietcd/wire.mjs';

/** A served store on a free port, and a short way to ask it; "await using" closes it. */
export interface Served extends AsyncDisposable {
  readonly server: MiniEtcd;
  readonly host: string;
  readonly port: number;
  /** "METHOD key?query body", below /v2/keys unless the target begins with '='. */
  ask(line: string): Promise<Answer>;
}

/** Starts a mini-etcd on a free loopback port. */
export async function serve(clock: Clock = systemClock, identity: Identity = {}): Promise<Served> {
  const server = new MiniEtcd(clock, identity);
  await server.listen([{ host: '127.0.0.1', port: 0 }]);
  const place = { host: '127.0.0.1', port: Number(new URL(server.urls[0]!).port) };
  return {
    server,
    ...place,
    ask: (line) => exchange(place, parseStep(line, server.keyspace.index)),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
