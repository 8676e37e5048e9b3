import { GoMap, Slice, StringMapType, type Value } from '../../../go/value.ts';
import { readObject } from '../net/json-object.ts';

const struct = 'struct { PeerURLs []string "json:\\"peerURLs\\"" }';

/** The URLs of {"peerURLs":[...]}, sorted. Throws Error in etcd's words when one is invalid or not a peer URL. */
export function readPeerUrls(body: string): readonly string[] {
  const given = readGiven(body);
  if (!(given instanceof Slice)) {
    if (given !== null) throw wrongType(given, '[]string');
    throw new Error('no valid URLs given');
  }
  const urls = (given.array ?? []).map((url) => {
    if (url !== null && typeof url !== 'string') throw wrongType(url, 'string');
    return (url ?? '').trim();
  });
  if (urls.length === 0) throw new Error('no valid URLs given');
  for (const url of urls) checkUrl(url);
  return [...urls].sort();
}

function readGiven(body: string): Value {
  try {
    return readObject(body).get('peerurls') ?? null;
  } catch (error) {
    throw new Error((error as Error).message.replace(StringMapType.name, struct), { cause: error });
  }
}

function wrongType(value: Value, type: string): Error {
  const kind = value instanceof GoMap ? 'object' : value instanceof Slice ? 'array' : typeof value;
  const name = kind === 'boolean' ? 'bool' : kind;
  return new Error(`json: cannot unmarshal ${name} into Go struct field .peerURLs of type ${type}`);
}

/** Go's messages for unusual invalid URLs are not copied. */
function checkUrl(url: string): void {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  if (!/^(?:https?|unixs?)$/i.test(scheme)) throw new Error(`URL scheme must be http, https, unix, or unixs: ${url}`);
  const [, host = '', path = ''] = /^\/\/([^/?#]*)([^?#]*)/.exec(rest) ?? [];
  if (!/^(?:[^:@]*:?[^@]*@)?(?:[^:[\]]*|\[[^[\]]*\]):\d*$/.test(host)) {
    throw new Error(`URL address does not have the form "host:port": ${url}`);
  }
  if (path !== '') throw new Error(`URL must not contain a path: ${url}`);
}
