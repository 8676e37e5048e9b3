import { describe, expect, test } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { Suspend } from '../../src/template/engine.ts';
import { interfaceAddress, Lookups, systemResolver } from '../../src/template/lookup.ts';
import type { ServiceRecord } from '../../src/template/lookup.ts';
import type { SRV } from '../../src/template/srv.ts';

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
    const services = { '_http._tcp.a.test': [record('b.test', 9), record('b.test', 10), record('a.test.', 80, 2, 3)] };
    const { lookups, asked } = lookupsOf({ services });
    const found = await settled(() => lookups.srv('http', 'tcp', 'a.test'));
    expect(texts(found)).toEqual(['a.test.8023', 'b.test.1010', 'b.test.910']);
    expect(asked).toEqual(['_http._tcp.a.test']);
  });

  test('without service and protocol the name stands alone', async () => {
    const { lookups } = lookupsOf({ services: { '_x._y.z': [record('z', 1)] } });
    expect(texts(await settled(() => lookups.srv('', '', '_x._y.z')))).toEqual(['z.110']);
  });
});

describe('network interfaces', () => {
  test.each(['', 'none0', '__proto__', 'constructor'])('%j has no address', (name) => {
    expect([interfaceAddress(name, 'IPv4'), interfaceAddress(name, 'IPv6')]).toEqual(['', '']);
  });

  test('one that is there has the address that the system says', () => {
    const [name, addresses] = Object.entries(networkInterfaces())[0] ?? ['', []];
    const first = addresses?.find((each) => each.family === 'IPv4')?.address ?? '';
    expect(interfaceAddress(name, 'IPv4')).toBe(first);
  });
});
