import { maskUserinfo } from '../../go/redact.ts';
import { BackendError } from '../contract/backend.ts';

/** The address of a node; its credentials are kept apart so that no message can show them. */
export interface Node {
  /** The name in messages: scheme://host:port. */
  readonly label: string;
  readonly url: URL;
  /** user:password of the address, percent-decoded, or ''. */
  readonly userinfo: string;
}

/** Parses a node: a URL, or host:port, which gets `scheme`. A slash at the end is ignored. */
export function parseNode(text: string, scheme: 'http' | 'https'): Node {
  const url = urlOf(text, scheme);
  if (url === null) {
    throw new BackendError('settings', `"${maskUserinfo(text)}" is not a node: expected http://host:port or host:port`);
  }
  const userinfo =
    url.username === '' && url.password === '' ? '' : `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return { label: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`, url, userinfo };
}

/**
 * Null for a text that is not the URL of a node. A misspelt one may parse, with its password in host, path or query.
 */
function urlOf(text: string, scheme: string): URL | null {
  const isBare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  // "http:/me:pw@host" and the like; a host may be named http, and have a port.
  if (isBare && /^https?(?![\w.-]|$|:\d+(?:\/|$))/i.test(text)) return null;
  const whole = isBare ? `${scheme}://${text}` : text;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  return isHttp && !`${url.host}${url.pathname}${url.search}${url.hash}`.includes('@') ? url : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
