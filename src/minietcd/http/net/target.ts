/** The target of a request line, parsed as Go's HTTP server does. */
export interface Target {
  /** Decoded bytes, '/' first, not cleaned. */
  readonly path: string;
  /** As sent, without the '?'. */
  readonly query: string;
}

/** Parses a request target; undefined when its path has an invalid percent escape. */
export function parseTarget(target: string): Target | undefined {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const raw = mark < 0 ? local : local.slice(0, mark);
  const path = decodePercent(raw);
  if (path === undefined) return undefined;
  return { path: path.startsWith('/') ? path : `/${path}`, query: mark < 0 ? '' : local.slice(mark + 1) };
}

function decodePercent(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  if (/%(?![0-9a-f]{2})/i.test(raw)) return undefined;
  return raw.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The path with '//', '.' and '..' resolved; one slash at the end stays. */
export function cleanPath(path: string): string {
  if (!/\/\.|\/\//.test(path)) return path;
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const clean = `/${names.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** A path and query as a Location header: bytes that are not allowed in a path are escaped. */
export function printLocation(path: string, query: string): string {
  const escaped = path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@]/g, percent);
  return query === '' ? escaped : `${escaped}?${query.replace(/[\x80-\xff]/g, (char) => percent(char).toLowerCase())}`;
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
