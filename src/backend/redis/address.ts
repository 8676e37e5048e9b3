import { maskUserinfo } from '../../go/redact.ts';
import { BackendError } from '../contract/backend.ts';

/** Where a redis is. */
export interface Address {
  /** The name in messages, without credentials. */
  readonly label: string;
  /** A socket file; then host and port do not count. */
  readonly path: string | null;
  readonly host: string;
  readonly port: number;
  readonly database: number;
  /** True or false where the address says it, else null. */
  readonly isTls: boolean | null;
  /** Of the address, or ''. */
  readonly username: string;
  readonly password: string;
}

/**
 * Reads a node: host:port, host:port/database, a path of a socket, redis://[user:password@]host[:port][/database],
 * rediss:// (TLS) or unix://path?db=database. Throws BackendError 'settings'.
 */
export function parseAddress(text: string): Address {
  const scheme = /^(redis|rediss|unix|redis\+socket):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (text.startsWith('/') || scheme === 'unix' || scheme === 'redis+socket') return socketAddress(text, scheme);
  const url = urlOf(scheme === '' ? `redis://${text}` : text);
  if (url === null || url.hostname === '' || (scheme === '' && text.includes('://'))) throw bad(text);
  const database = url.pathname.replace(/^\/|\/$/g, '') || (url.searchParams.get('db') ?? '');
  return {
    label: maskUserinfo(text),
    path: null,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    database: databaseOf(database, text),
    isTls: scheme === '' ? null : scheme === 'rediss',
    ...loginOf(url, text),
  };
}

function socketAddress(text: string, scheme: string): Address {
  const url = scheme === '' ? null : urlOf(text);
  if (scheme !== '' && (url === null || url.pathname === '')) throw bad(text);
  return {
    label: maskUserinfo(text),
    path: url === null ? text : decoded(url.pathname, text),
    host: '',
    port: 0,
    database: databaseOf(url?.searchParams.get('db') ?? '', text),
    isTls: false,
    ...(url === null ? { username: '', password: '' } : loginOf(url, text)),
  };
}

function loginOf(url: URL, text: string): Pick<Address, 'username' | 'password'> {
  return { username: decoded(url.username, text), password: decoded(url.password, text) };
}

function databaseOf(text: string, node: string): number {
  if (!/^\d{0,9}$/.test(text)) throw bad(node);
  return Number(text);
}

function decoded(text: string, node: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad(node);
  }
}

function urlOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function bad(text: string): BackendError {
  return new BackendError(
    'settings',
    `"${maskUserinfo(text)}" is not a node of redis: expected host:port, host:port/database, redis://host:port/database or a socket`,
  );
}
