import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { maskUserinfo } from '../../go/redact.ts';
import { BackendError } from '../contract/backend.ts';

/** A proxy, as HTTP_PROXY and similar variables name it. */
export interface Proxy {
  /** The name in messages: scheme://host:port. */
  readonly label: string;
  readonly kind: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  /** user:password of the address, percent-decoded, or ''. */
  readonly userinfo: string;
}

/** The proxy for a URL; null for none. BackendError when the environment holds an invalid proxy. */
export type Route = (target: URL) => Proxy | null;

/** No proxies. */
export const direct: Route = () => null;

const ports: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
  ['socks5:', 1080],
]);

/**
 * The proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or the same in lower case), as Go's net/http reads them:
 * localhost and loopback addresses are never reached through a proxy.
 */
export function routeOf(env: ReadonlyMap<string, string>): Route {
  const given = (name: string) => [name, name.toLowerCase()].find((each) => (env.get(each) ?? '') !== '');
  const without = exceptions(env.get(given('NO_PROXY') ?? '') ?? '');
  return (target) => {
    const variable = given(target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
    if (variable === undefined) return null;
    // A client of a CGI program could set HTTP_PROXY by a header.
    if (target.protocol !== 'https:' && (env.get('REQUEST_METHOD') ?? '') !== '') {
      const why = 'refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy';
      throw new BackendError('settings', why);
    }
    const host = bare(target.hostname);
    const port = target.port === '' ? String(ports.get(target.protocol)) : target.port;
    return isLoopback(host) || without(host, port) ? null : parseProxy(variable, env.get(variable)!);
  };
}

function parseProxy(variable: string, text: string): Proxy {
  const isWhole = /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text);
  const whole = isWhole ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole.replace(/^socks5h:/i, 'socks5:')) : null;
  const port = url === null ? undefined : ports.get(url.protocol);
  if (url === null || port === undefined || url.hostname === '' || `${url.pathname}${url.search}`.includes('@')) {
    const expected = 'expected http://host:port, https://host:port or socks5://host:port';
    throw new BackendError('settings', `${variable}: "${maskUserinfo(text)}" is not a proxy: ${expected}`);
  }
  const decoded = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return {
    label: `${url.protocol}//${url.host}`,
    kind: url.protocol.slice(0, -1) as Proxy['kind'],
    host: bare(url.hostname),
    port: url.port === '' ? port : Number(url.port),
    userinfo: url.username === '' && url.password === '' ? '' : `${decoded(url.username)}:${decoded(url.password)}`,
  };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, familyOf(host)));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

type Exception = (host: string, port: string) => boolean;

/** The exceptions of NO_PROXY; invalid entries are ignored. */
function exceptions(list: string): Exception {
  const entries = list.split(',').map((entry) => entry.trim().toLowerCase());
  if (entries.includes('*')) return () => true;
  const all = entries.flatMap((entry) => exception(entry) ?? []);
  return (host, port) => all.some((matches) => matches(host, port));
}

function exception(entry: string): Exception | null {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (isIP(network) !== 0 && Number(bits) <= (isIP(network) === 4 ? 32 : 128)) {
    const block = new BlockList();
    block.addSubnet(network, Number(bits), familyOf(network));
    return inBlock(block, familyOf(network), '');
  }
  const [, name = entry, port = ''] = /^(?:\[([^\]]*)\]|[^:]*):([^:]*)$/.exec(entry) === null ? [] : splitPort(entry);
  if (name === '') return null;
  if (isIP(name) !== 0) {
    const block = new BlockList();
    const address = unmapped(name);
    block.addAddress(address, familyOf(address));
    return inBlock(block, familyOf(address), port);
  }
  const pattern = name.startsWith('*.') ? name.slice(1) : name;
  const domain = domainToASCII(pattern.replace(/^\./, '')) || pattern.replace(/^\./, '');
  const isItself = !pattern.startsWith('.');
  return (host, asked) => {
    if (isIP(host) !== 0 || (port !== '' && port !== asked)) return false;
    return host.endsWith(`.${domain}`) || (isItself && host === domain);
  };
}

/** The whole, the host without brackets, and the port. */
function splitPort(entry: string): [string, string, string] {
  const colon = entry.lastIndexOf(':');
  return [entry, bare(entry.slice(0, colon)), entry.slice(colon + 1)];
}

function inBlock(block: BlockList, family: 'ipv4' | 'ipv6', port: string): Exception {
  return (host, asked) => {
    if (isIP(host) === 0 || (port !== '' && port !== asked)) return false;
    const address = unmapped(host);
    // Node finds an IPv4 address in ::/0, too.
    return familyOf(address) === family && block.check(address, family);
  };
}

/** The IPv4 address inside an IPv4-mapped IPv6 address. */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || !URL.canParse(`http://[${address}]`)) return address;
  const [, high = '', low = ''] =
    /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)];
  return high === '' ? address : [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
