import type { SrvRecord } from 'node:dns';
import { redact } from '../../go/redact.ts';
import { BackendError } from '../contract/backend.ts';

/** The settings that the SRV name is made from. */
export interface SrvSettings {
  readonly backend: string;
  readonly srvDomain: string;
  readonly srvRecord: string;
}

/** Looks up SRV records, as node:dns/promises does. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

/** The SRV name to look up, or '' when none is set. */
export function srvNameOf({ backend, srvDomain, srvRecord }: SrvSettings): string {
  if (srvRecord !== '' || srvDomain === '') return srvRecord;
  return `_${backend}._tcp.${srvDomain}.`;
}

/**
 * The nodes (host:port) of the SRV records of a name, by priority; equal priorities in a random order by weight.
 * BackendError, with confd's text, when there are none.
 */
export async function nodesFromSrv(
  name: string,
  resolve: ResolveSrv = resolveByDns,
  random: () => number = Math.random,
): Promise<readonly string[]> {
  return ordered(await lookUp(name, resolve), random).map((record) => {
    const host = record.name.replace(/\.+$/, '');
    return `${host.includes(':') ? `[${host}]` : host}:${record.port}`;
  });
}

async function lookUp(name: string, resolve: ResolveSrv): Promise<readonly SrvRecord[]> {
  try {
    const records = await resolve(name);
    if (records.length > 0) return records;
  } catch (cause) {
    throw missing(`lookup ${redact(name)}: ${plain(cause as NodeJS.ErrnoException)}`, cause);
  }
  throw missing(`lookup ${redact(name)}: no such host`);
}

function missing(why: string, cause?: unknown): BackendError {
  return new BackendError('unreachable', `Cannot get nodes from SRV records ${why}`, { cause });
}

function plain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return 'no such host';
  if (error.code === 'ETIMEOUT') return 'i/o timeout';
  return error.code === 'ESERVFAIL' ? 'server misbehaving' : error.message;
}

async function resolveByDns(name: string): Promise<readonly SrvRecord[]> {
  const { resolveSrv } = await import('node:dns/promises');
  return resolveSrv(name);
}

/** RFC 2782: low priorities first; within one, a heavier record is more likely to come early. */
function ordered(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const drawn: SrvRecord[] = [];
  while (left.length > 0) {
    const rivals = left.filter((record) => record.priority === left[0]!.priority);
    let mark = random() * rivals.reduce((sum, record) => sum + record.weight, 0);
    const winner = rivals.find((record) => (mark -= record.weight) < 0) ?? rivals[0]!;
    drawn.push(...left.splice(left.indexOf(winner), 1));
  }
  return drawn;
}
