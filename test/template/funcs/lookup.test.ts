import { describe, expect, test } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { Suspend } from '../../../src/template/engine/engine.ts';
import { interfaceAddress, Lookups, systemResolver } from '../../../src/template/funcs/lookup.ts';
import type { ServiceRecord } from '../../../src/template/funcs/lookup.ts';
import type { SRV } from '../../../src/template/funcs/srv.ts';
import { render } from '../rendering.ts';

interface Zone {
  readonly hosts?: Record<string, string[]>;
  readonly services?: Record<string, ServiceRecord[]>;
}

function lookupsOf({ hosts = {}, services = {} }: Zone) {
  const asked: string[] = [];
  const answer = <T>(of: Record<string, T>, name: string): Promise<T> => {
    asked.push(name);
    const found = of[name];
    return found === undefined ? Promise.reject(new Error(`queryA ENOTFOUND ${name}`)) : Promise.resolve(found);
  };
  const lookups = new Lookups({
    addresses: (host) => answer(hosts, host),
    services: (name) => answer(services, name),
  });
  return { lookups, asked };
}

/** Asks again whenever the answer was not there yet, as a render does. */
async function settled<T>(ask: () => T): Promise<T> {
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      await error.until;
    }
  }
}

describe('addresses', () => {
  test.each([
    ['', []],
    ['10.0.0.1', ['10.0.0.1']],
    ['::1', ['::1']],
    ['::FFFF:1.2.3.4', ['1.2.3.4']],
    ['::ffff:c0a8:1', ['192.168.0.1']],
    ['2001:DB8:0:0:1:0:0:1', ['2001:db8::1:0:0:1']],
    ['fe80::1%eth0', ['fe80::1']],
    ['::1.2.3.4', ['::102:304']],
    ['2001:db8::ffff:1:2', ['2001:db8::ffff:1:2']],
    ['::ffff:1:2:3', ['::ffff:1:2:3']],
  ])('of %s need no asking', (host, addresses) => {
    const { lookups, asked } = lookupsOf({});
    expect([lookups.ip(host), asked]).toEqual([addresses, []]);
  });

  test.each([['no.such.host'], ['1.2.3'], ['256.1.1.1'], ['a b'], ['h\xc3\xa9']])('of %s: none', async (host) => {
    const { lookups } = lookupsOf({});
    expect(await settled(() => lookups.ip(host))).toEqual([]);
  });

  test('are sorted as text and in their shortest form', async () => {
    const hosts = { 'a.test': ['10.0.0.2', '10.0.0.10', 'fe80:0::2%lo', '::1', '::ffff:10.0.0.3'] };
    const { lookups } = lookupsOf({ hosts });
    expect(await settled(() => lookups.ip('a.test'))).toEqual(['10.0.0.10', '10.0.0.2', '10.0.0.3', '::1', 'fe80::2']);
  });

  test('are asked for once, and the list belongs to the caller', async () => {
    const { lookups, asked } = lookupsOf({ hosts: { 'é.test': ['1.1.1.1', '2.2.2.2'] } });
    const first = await settled(() => lookups.ip('\xc3\xa9.test'));
    first.reverse();
    expect(lookups.ip('\xc3\xa9.test')).toEqual(['1.1.1.1', '2.2.2.2']);
    expect(asked).toEqual(['é.test']);
  });

  test('of localhost, from this machine', async () => {
    const lookups = new Lookups(systemResolver);
    expect(await settled(() => lookups.ip('localhost'))).toEqual(expect.arrayContaining(['127.0.0.1']));
  });
});

describe('services', () => {
  const record = (name: string, port: number, priority = 1, weight = 0) => ({ name, port, priority, weight });
  const texts = (records: readonly { target: unknown }[]) => records.map(({ target }) => (target as SRV).text);

  test('a failure is an empty list', async () => {
    const { lookups } = lookupsOf({});
    expect(await settled(() => lookups.srv('http', 'tcp', 'none.test'))).toEqual([]);
  });

  test('are named by service and protocol, and sorted as text run together', async () => {
    const services = {
      '_http._tcp.a.test': [
        record('b.test', 9),
        record('b.test', 10),
        record('a.test.', 80, 2, 3),
        record('c.test', 1),
        record('b.test', 10),
        record('a.test', 1),
      ],
    };
    const { lookups, asked } = lookupsOf({ services });
    const found = await settled(() => lookups.srv('http', 'tcp', 'a.test'));
    expect(texts(found)).toEqual([
      'a.test.110',
      'a.test.8023',
      'b.test.1010',
      'b.test.1010',
      'b.test.910',
      'c.test.110',
    ]);
    expect(asked).toEqual(['_http._tcp.a.test']);
  });

  test.each([
    ['', '', '_x._y.z', '_x._y.z'],
    ['', 'tcp', 'z', '_._tcp.z'],
    ['x', '', 'z', '_x._.z'],
  ])('only without service and protocol the name stands alone: %j %j %j', async (service, proto, name, full) => {
    const { lookups } = lookupsOf({ services: { [full]: [record('z', 1)] } });
    expect(texts(await settled(() => lookups.srv(service, proto, name)))).toEqual(['z.110']);
  });
});

describe('network interfaces', () => {
  test.each(['', 'none0', '__proto__', 'constructor'])('%j has no address', (name) => {
    expect([interfaceAddress(name, 'IPv4'), interfaceAddress(name, 'IPv6')]).toEqual(['', '']);
  });

  test.each(['IPv4', 'IPv6'] as const)('one that is there has the %s address that the system says', (family) => {
    const [name, addresses] = Object.entries(networkInterfaces())[0] ?? ['', []];
    const first = addresses?.find((each) => each.family === family)?.address ?? '';
    expect(interfaceAddress(name, family)).toBe(first);
    expect(render(`{{lookupIfaceIPV${family.slice(-1)} "${name}"}}`)).toBe(first);
  });
});
