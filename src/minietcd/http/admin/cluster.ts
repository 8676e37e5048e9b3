import type { IncomingMessage } from 'node:http';
import { decodeObject } from '../../../go/json.ts';
import { maxJsonBytes, readBody } from '../net/body.ts';
import type { ClusterSettings, Reply, ServerContext } from '../net/server-context.ts';

/** The defaults of etcd 0.4. */
export const defaultCluster: ClusterSettings = { activeSize: 9, removeDelay: 1800, syncInterval: 5 };

const min: ClusterSettings = { activeSize: 3, removeDelay: 2, syncInterval: 1 };
const names = ['activeSize', 'removeDelay', 'syncInterval'] as const;

/** The key in which etcd 0.4 kept them, too: a hidden key is as durable as any other. */
const key = '/_etcd/config';

/**
 * Answers /v2/admin/config. The settings are stored and served; a header says that they have no effect on a single
 * node.
 */
export async function answerCluster(site: ServerContext, req: IncomingMessage, reply: Reply): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'PUT') {
    reply.refuseMethod('GET,PUT');
    return;
  }
  let settings = current(site);
  if (req.method === 'PUT') {
    const body = await readBody(site, req, maxJsonBytes);
    try {
      settings = merge(settings, body);
    } catch (error) {
      reply.refuse(500, (error as Error).message);
      return;
    }
    const write = { value: JSON.stringify(settings), dir: false, expires: undefined, refresh: false };
    await site.keyspace.submit({ action: 'set', path: key, write, at: site.keyspace.clock.now() });
  }
  reply.add('Warning', '299 mini-etcd "a single node keeps these settings, but they have no effect"');
  reply.send(200, 'application/json', `${JSON.stringify(settings)}\n`);
}

function current(site: ServerContext): ClusterSettings {
  try {
    return merge(site.cluster, site.keyspace.get(key).value);
  } catch {
    return site.cluster; // never set, or another client wrote another value there
  }
}

/** Merges the fields of the JSON text; values that are too small are raised. Throws GoError. */
function merge(settings: ClusterSettings, text: string): ClusterSettings {
  const given = decodeObject(text).entries;
  const merged: { -readonly [name in keyof ClusterSettings]: number } = { ...settings };
  for (const name of names) {
    const value = given?.get(name);
    if (typeof value === 'number') merged[name] = Math.max(min[name], value);
    else if (value !== undefined && value !== null) throw new Error(`${name} must be a number`);
  }
  return { ...merged, activeSize: Math.trunc(merged.activeSize) };
}
