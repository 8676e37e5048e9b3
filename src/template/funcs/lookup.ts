import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { fromText, toText } from '../../go/bytes.ts';
import type { Pointer } from '../../go/value.ts';
import { Suspend } from '../engine/engine.ts';
import { fullNames } from './resolv-conf.ts';
import { pointerToSRV, SRV } from './srv.ts';

/** Asks DNS; names and addresses are text. A rejection means that there is no answer. */
export interface Resolver {
  /** The addresses of a host, by /etc/hosts and DNS. */
  addresses(host: string): Promise<readonly string[]>;
  services(name: string): Promise<readonly ServiceRecord[]>;
}

export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

// Node's modules for networks are loaded on first use: most templates look nothing up, and each start would pay for them.
const isIP = (text: string) => process.getBuiltinModule('node:net').isIP(text);

export const systemResolver: Resolver = {
  addresses: async (host) => {
    const { lookup } = await import('node:dns/promises');
    return (await lookup(host, { all: true })).map(({ address }) => address);
  },
  services: async (name) => {
    const { resolveSrv } = await import('node:dns/promises');
    const conf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
    let last: unknown;
    // Node looks up services by their full names only; short names are completed here, as in Go.
    for (const full of fullNames(name, conf)) {
      try {
        return await resolveSrv(full);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  },
};

/**
 * The DNS answers of one render. The first lookup of a name throws Suspend; when that has settled, the answer is
 * available. A failure is an empty answer.
 */
export class Lookups {
  readonly #resolver: Resolver;
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #services = new Map<string, readonly SRV[]>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  /** The addresses of host, sorted as text; an address is its own result. */
  ip(host: string): string[] {
    if (host === '') return [];
    if (isIP(host) !== 0) return [canonical(host)];
    const answer = this.#addresses.get(host);
    if (answer !== undefined) return answer.slice();
    throw new Suspend(this.#askAddresses(host));
  }

  /** The records of _service._proto.name, or of name when service and proto are empty. */
  srv(service: string, proto: string, name: string): Pointer[] {
    const full = service === '' && proto === '' ? name : `_${service}._${proto}.${name}`;
    const answer = this.#services.get(full);
    if (answer !== undefined) return answer.map(pointerToSRV);
    throw new Suspend(this.#askServices(full));
  }

  async #askAddresses(host: string): Promise<void> {
    const found = await this.#resolver.addresses(toText(host)).catch(() => []);
    this.#addresses.set(host, found.map(canonical).sort());
  }

  async #askServices(name: string): Promise<void> {
    const found = await this.#resolver.services(toText(name)).catch(() => []);
    const records = found.map((each) => new SRV(rooted(each.name), each.port, each.priority, each.weight));
    this.#services.set(
      name,
      records.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)),
    );
  }
}

/** The first address of a network interface of this machine, or ''. */
export function interfaceAddress(name: string, family: 'IPv4' | 'IPv6'): string {
  const addresses = new Map(Object.entries(networkInterfaces())).get(toText(name)) ?? [];
  const first = addresses.find((each) => each.family === family);
  return first === undefined ? '' : canonical(first.address);
}

/** An address in Go's form: without a zone, as short as possible, and an IPv4-mapped IPv6 address as IPv4. */
function canonical(address: string): string {
  const [bare = ''] = address.split('%');
  if (isIP(bare) !== 6) return bare;
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (mapped === null) return short;
  return mapped
    .slice(1)
    .map((group) => parseInt(group, 16))
    .map((group) => `${group >> 8}.${group & 255}`)
    .join('.');
}

function rooted(name: string): string {
  const bytes = fromText(name);
  return bytes.endsWith('.') ? bytes : `${bytes}.`;
}
